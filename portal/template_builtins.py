"""Tags of every template: ``url`` without a search on each page, ``icon`` and ``twice``.

A page has some fifteen addresses that never change and half a dozen icons. Django looks for each
address anew, and draws each included file as a template of its own; together they took a third
of the time of a short page.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from django import template
from django.template import Context, Engine, Node, TemplateSyntaxError, defaulttags
from django.template.base import Parser, TextNode, Token
from django.template.loader_tags import IncludeNode, do_include
from django.urls import URLResolver, get_resolver, get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

register = template.Library()


class FixedAddressNode(Node):
    """Writes an address that has no arguments: searched for once, wherever it stands."""

    def __init__(self, view_name: str) -> None:
        self.view_name = view_name

    def render(self, context: Context) -> str:
        """What Django's ``{% url %}`` gives.

        Raises:
            NoReverseMatch: there is no such view.
        """
        # Whatever decides: the addresses in force, where they are mounted, which admin.
        request = getattr(context, "request", None)
        match = getattr(request, "resolver_match", None)
        app: str | None = getattr(request, "current_app", getattr(match, "namespace", None))
        resolver = get_resolver(get_urlconf())
        address = _address(self.view_name, app, get_script_prefix(), resolver)
        return conditional_escape(address) if context.autoescape else address


# As many as there are names, in some namespaces.
@lru_cache(maxsize=2048)
def _address(view_name: str, app: str | None, prefix: str, resolver: URLResolver) -> str:
    return reverse(view_name, current_app=app)


class TwiceNode(IncludeNode):
    """Includes a template where it stands first on a page, and writes the same again after that."""

    def render(self, context: Context) -> SafeString:
        """What Django's ``{% include %}`` gives."""
        # Of this page alone.
        drawn = context.render_context.dicts[0]
        name = f"twice {self.template}"
        if name not in drawn:
            drawn[name] = super().render(context)
        return cast("SafeString", drawn[name])


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """``{% url 'accounts:help' %}``: Django's, which also does what has arguments."""
    bits = token.split_contents()
    if len(bits) == 2 and bits[1][0] in "\"'" and bits[1][0] == bits[1][-1]:
        return FixedAddressNode(bits[1][1:-1])
    return defaulttags.url(parser, token)


@register.tag
def icon(parser: Parser, token: Token) -> Node:
    """``{% icon "tick" %}``: a drawing of ``partials/icons``, put in when a template is compiled.

    Raises:
        TemplateSyntaxError: not one name in quotes.
        TemplateDoesNotExist: there is no such icon.
    """
    bits: list[Any] = token.split_contents()
    if len(bits) != 2 or bits[1][0] != '"' or bits[1][-1] != '"':
        raise TemplateSyntaxError('An icon has one name: {% icon "tick" %}')
    path = f"partials/icons/{bits[1][1:-1]}.svg"
    return TextNode(str(Engine.get_default().get_template(path).source))


@register.tag
def twice(parser: Parser, token: Token) -> Node:
    """``{% twice "partials/menu.html" %}``: what a page shows in two places alike.

    An include, drawn once: nothing that it shows may differ between the two places.
    """
    return TwiceNode(do_include(parser, token).template)
