"""Inputs written without a template are Django's own, to the last character."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django.forms
import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from portal.form_renderer import _OPTIONS, _PLAIN, InputRenderer

TEXT = st.text(max_size=20) | st.sampled_from(['"><script>', "&amp;", "' onx=1", "\0\n"])
VALUE = TEXT | TEXT.map(mark_safe) | st.booleans() | st.integers() | st.none()
ATTRS = st.dictionaries(TEXT, VALUE)
WIDGETS: list[type[forms.widgets.Input]] = [
    forms.TextInput,
    forms.PasswordInput,
    forms.HiddenInput,
    forms.EmailInput,
    forms.DateInput,
]


@given(kind=st.sampled_from(WIDGETS), name=TEXT, value=VALUE, attrs=ATTRS)
def test_it_writes_what_django_writes(
    kind: type[forms.widgets.Input], name: str, value: Any, attrs: dict[str, Any]
) -> None:
    widget = kind(attrs) if kind is not forms.PasswordInput else kind(attrs, render_value=True)
    context = widget.get_context(name, value, None)
    theirs = DjangoTemplates().render(widget.template_name, context)
    assert InputRenderer().render(widget.template_name, context) == theirs


@pytest.mark.parametrize("template", sorted(_PLAIN))
def test_the_templates_that_it_replaces_hold_nothing_else(template: str) -> None:
    source = (Path(django.forms.__file__).parent / "templates" / template).read_text()
    assert source.strip() == '{% include "django/forms/widgets/input.html" %}'


@given(
    choices=st.sampled_from([forms.RadioSelect, forms.CheckboxSelectMultiple]),
    value=VALUE,
    label=TEXT,
    attrs=ATTRS,
    wrap=st.booleans(),
    chosen=st.booleans(),
)
def test_it_writes_each_choice_as_django_does(
    choices: type[forms.widgets.ChoiceWidget],
    value: Any,
    label: str,
    attrs: dict[str, Any],
    wrap: bool,
    chosen: bool,
) -> None:
    widget = choices(attrs, choices=[(value, label), ("other", "Other")])
    for data in widget.subwidgets("name", [value] if chosen else []):
        context = {"widget": {**data, "wrap_label": wrap}}
        theirs = DjangoTemplates().render(data["template_name"], context)
        assert InputRenderer().render(data["template_name"], context) == theirs


@pytest.mark.parametrize("template", sorted(_OPTIONS))
def test_the_templates_of_choices_hold_an_input_and_a_label(template: str) -> None:
    folder = Path(django.forms.__file__).parent / "templates" / "django/forms/widgets"
    source = (folder.parents[2] / template).read_text()
    assert source.strip() == '{% include "django/forms/widgets/input_option.html" %}'
    label = "{% if widget.wrap_label %}"
    start, inner, end = (
        (folder / "input_option.html")
        .read_text()
        .strip()
        .partition('{% include "django/forms/widgets/input.html" %}')
    )
    assert inner
    assert all(part.startswith(label) and part.endswith("{% endif %}") for part in (start, end))


def test_other_widgets_are_left_to_django() -> None:
    assert "<textarea" in forms.Textarea().render("name", "", renderer=InputRenderer())
