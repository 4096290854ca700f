"""Tags that every template has: they write what Django's own would."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.template import Context, Engine, TemplateDoesNotExist, TemplateSyntaxError
from django.test import RequestFactory
from django.urls import (
    NoReverseMatch,
    URLPattern,
    URLResolver,
    get_resolver,
    path,
    set_script_prefix,
)

from portal.template_builtins import TwiceNode

OURS = Engine(
    builtins=["portal.template_builtins"],
    loaders=[
        (
            "django.template.loaders.locmem.Loader",
            {"part.html": "{{ draw }}", "page.html": "{% twice 'part.html' %}" * 2},
        )
    ],
)
DJANGO = Engine()
ICONS = sorted((Path(settings.BASE_DIR) / "templates/partials/icons").glob("*.svg"))


def names(resolver: URLResolver, before: str = "") -> list[str]:
    """Of all addresses of the portal."""
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            found += [f"{before}{entry.name}"] if entry.name else []
        else:
            inner = f"{before}{entry.namespace}:" if entry.namespace else before
            found += names(entry, inner)
    return found


def drawn(engine: Engine, source: str, request: HttpRequest | None = None, **values: Any) -> str:
    """A template; an address that there is not as that error's name."""
    context = Context(values)
    if request is not None:
        cast("Any", context).request = request
    try:
        return engine.from_string(source).render(context)
    except NoReverseMatch:
        return "no such address"


@pytest.mark.parametrize("prefix", ["/", "/mounted/here/"])
@pytest.mark.parametrize("app", [None, "admin", "another"])
def test_every_address_is_django_s(prefix: str, app: str | None) -> None:
    request = RequestFactory().get("/")
    if app:
        cast("Any", request).current_app = app
    set_script_prefix(prefix)
    try:
        for name in [*names(get_resolver()), "nowhere", "accounts:nothing"]:
            source = f"{{% url '{name}' %}}|{{% url \"{name}\" as there %}}{{{{ there }}}}"
            for _ in range(2):
                assert drawn(OURS, source, request) == drawn(DJANGO, source, request), name
            only = source.partition("|")[0]
            assert drawn(OURS, only, request) == drawn(DJANGO, only, request), name
    finally:
        set_script_prefix("/")


def test_an_address_with_arguments_is_looked_up_each_time() -> None:
    source = "{% url 'accounts:new_address' which %}{% url name %}"
    for which in ("email", "notify_email"):
        values: Any = {"which": which, "name": "accounts:help"}
        assert which in drawn(OURS, source, **values)
        assert drawn(OURS, source, **values) == drawn(DJANGO, source, **values)


def test_other_addresses_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    source = "{% url 'accounts:help' %}"
    assert drawn(OURS, source) == "/help/"
    other = cast("Any", ModuleType("other_addresses"))
    page = path("a&b/", cast("Any", bool), name="help")
    other.urlpatterns = [path("c/", ([page], "accounts", "accounts"))]
    monkeypatch.setitem(sys.modules, "other_addresses", other)
    settings.ROOT_URLCONF = "other_addresses"
    assert drawn(OURS, source) == drawn(DJANGO, source) == "/c/a&amp;b/"
    unescaped = "{% autoescape off %}" + source + "{% endautoescape %}"
    assert drawn(OURS, unescaped) == drawn(DJANGO, unescaped) == "/c/a&b/"


@pytest.mark.parametrize("file", ICONS, ids=lambda file: file.stem)
def test_an_icon_is_its_file_which_holds_nothing_to_fill_in(file: Path) -> None:
    source = file.read_text()
    assert "{" not in source
    assert drawn(OURS, f'{{% icon "{file.stem}" %}}') == source


@pytest.mark.parametrize("tag", ["icon", "icon tick", 'icon "tick" "cross"', "icon 'tick'"])
def test_an_icon_has_one_name(tag: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        OURS.from_string(f"{{% {tag} %}}")
    with pytest.raises(TemplateDoesNotExist):
        OURS.from_string('{% icon "none-of-ours" %}')


def test_what_stands_twice_is_drawn_once_for_each_page() -> None:
    numbers = iter(range(9))
    page = OURS.get_template("page.html")
    assert page.nodelist.get_nodes_by_type(TwiceNode)
    context = {"draw": lambda: next(numbers)}
    assert [page.render(Context(context)) for _ in range(2)] == ["00", "11"]


def test_it_is_what_an_include_gives() -> None:
    page = OURS.get_template("page.html").render(Context({"draw": "<&>"}))
    plain = OURS.from_string("{% include 'part.html' %}").render(Context({"draw": "<&>"}))
    assert page == 2 * plain == 2 * "&lt;&amp;&gt;"
