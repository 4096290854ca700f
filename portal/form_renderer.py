"""Writes plain inputs without a template: Django renders two or three for each, in a third of the
time that a short page takes."""

from __future__ import annotations

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeData, SafeString, mark_safe

# Templates of Django that hold nothing but its `input.html`.
_KINDS = ("text", "password", "hidden", "email", "date")
_PLAIN = {f"django/forms/widgets/{kind}.html" for kind in _KINDS}
# And those that hold it inside a label, if one is wanted.
_OPTIONS = {f"django/forms/widgets/{kind}_option.html" for kind in ("radio", "checkbox")}


class InputRenderer(DjangoTemplates):
    """Django's renderer of forms (``FORM_RENDERER``), with the same output."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        """What Django's templates give, to the last character."""
        if template_name in _PLAIN or (
            template_name in _OPTIONS and not context["widget"]["wrap_label"]
        ):
            return _input(context["widget"])
        return super().render(template_name, context, request)


def _input(widget: dict[str, Any]) -> SafeString:
    written = f'type="{_text(widget["type"])}" name="{_text(widget["name"])}"'
    if widget["value"] is not None:
        written += f' value="{_text(widget["value"])}"'
    # True and False are words as a value, but a name alone and nothing as an attribute.
    written += "".join(
        f" {_text(name)}" if value is True else f' {_text(name)}="{_text(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )
    # SECURITY: every name and value was escaped.
    return mark_safe(f"<input {written}>")  # noqa: S308 - see above


def _text(value: object) -> str:
    """Escaped, unless it is marked as safe, as in a template."""
    return conditional_escape(value if isinstance(value, SafeData) else str(value))
