"""The card as a file to keep: picture, PDF, text."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from securelogin.events import Event
from securelogin.keys import KeyMissingError
from securelogin.models import SecurityEvent
from securelogin.security_card import drawing
from securelogin.security_card.card import column_ranges
from securelogin.security_card.models import SecurityCard
from securelogin.security_card.views.own import drawn_here, sheet_of, shown_here


def _layout(request: HttpRequest) -> drawing.Layout:
    try:
        return drawing.Layout(request.GET.get("layout", "wide"))
    except ValueError:
        raise Http404 from None


def _file(content: bytes, kind: str, disposition: str, row: SecurityCard) -> HttpResponse:
    suffix = kind.rpartition("/")[2]
    name = f"online-security-code-card-{row.short_serial}.{suffix}"
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'{disposition}; filename="{name}"'
    return response


@require_safe
@drawn_here
def image(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The picture on the page. The same bytes for every GET: a browser's save fetches again."""
    picture = drawing.png(sheet_of(request, row), _layout(request))
    return _file(picture, "image/png", "inline", row)


@require_safe
@drawn_here
def png(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The picture as a download, which counts as a kept copy."""
    picture = drawing.png(sheet_of(request, row), _layout(request))
    if request.method == "GET":
        row.keep(SecurityCard.Kept.PNG)
    return _file(picture, "image/png", "attachment", row)


@require_safe
@drawn_here
def pdf(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The PDF: a download, or in the browser for Print without JavaScript."""
    document = drawing.pdf(sheet_of(request, row))
    inline = request.GET.get("view") == "inline"
    if request.method == "GET":
        row.keep(SecurityCard.Kept.PRINT if inline else SecurityCard.Kept.PDF)
    return _file(document, "application/pdf", "inline" if inline else "attachment", row)


@require_safe
@shown_here
def text(request: HttpRequest, row: SecurityCard) -> HttpResponse:
    """The card as text: for screen readers, page search, copy and paste (WCAG 1.1.1, 1.4.5)."""
    try:
        values = sheet_of(request, row).values
    except KeyMissingError:
        return render(request, "securelogin/security_card/key_lost.html", {"card": row})
    if request.method == "GET":
        SecurityEvent.objects.record(
            Event.DEVICE_SHOWN, row.user, device=row, actor=row.user, how="text"
        )
    numbered = list(enumerate(values, start=1))
    columns = [
        (f"column-{place}", f"{first}-{last}", numbered[first - 1 : last])
        for place, (first, last) in enumerate(column_ranges(), start=1)
    ]
    context = {"card": row, "serial": row.short_serial, "columns": columns}
    return render(request, "securelogin/security_card/text.html", context)
