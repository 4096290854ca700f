"""What a run leaves behind: pages, headers, rows, mails, log records, files."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.mail import EmailMessage
from django.db import models
from django.test import Client

from securelogin.security_card import drawing

# Numbers that mean nothing, and are an answer by accident once in a thousand runs.
_SIZES = {"Content-Length"}
_CLOCKS = {"created", "msecs", "relativeCreated", "process", "thread"}


class Recorder(Client):
    """A browser that notes what others could see: addresses, headers, cookies."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(raise_request_exception=False, **kwargs)
        self.seen: list[str] = []
        self.pages: list[tuple[str, str]] = []

    def request(self, **request: Any) -> Any:
        """Note it."""
        response = super().request(**request)
        where = f"{request['PATH_INFO']}?{request.get('QUERY_STRING', '')}"
        headers = {name: text for name, text in response.headers.items() if name not in _SIZES}
        self.seen += [where, repr(headers), response.cookies.output()]
        if response.get("Content-Type", "").startswith(("text/html", "text/csv")):
            self.pages.append((where, response.getvalue().decode()))
        return response


def database() -> str:
    """Every row of every table, bytes in hex and as they are; sessions decoded."""
    lines = []
    for model in apps.get_models(include_auto_created=True):
        for row in model._base_manager.all():
            lines.append(f"{row} {row!r}")
            lines += [_column(row, column) for column in row._meta.concrete_fields]
            if isinstance(row, AbstractBaseSession):
                lines.append(repr(row.get_decoded()))
    return "\n".join(lines)


def _column(row: models.Model, column: Any) -> str:
    value = getattr(row, column.attname)
    if isinstance(value, bytes | memoryview):
        return f"{bytes(value).hex()} {bytes(value).decode('latin-1')}"
    return str(value)


def written(mail: EmailMessage) -> str:
    """All of a mail that anybody can read."""
    others = [str(part[0]) for part in getattr(mail, "alternatives", [])]
    words = [str(mail.subject), str(mail.body), *mail.to, repr(mail.extra_headers)]
    return "\n".join(words + others)


@contextmanager
def all_logs() -> Iterator[list[str]]:
    """Every record of every logger, at every level, with its exception and its arguments.

    Only the levels that the settings pin are kept: an operator may lower all others.
    """
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            facts = {name: fact for name, fact in vars(record).items() if name not in _CLOCKS}
            lines.append(f"{self.format(record)} {record.args!r} {facts!r}")

    pinned: dict[str, Any] = settings.LOGGING["loggers"]  # type: ignore[assignment]
    names = logging.root.manager.loggerDict.keys() - pinned.keys()
    loggers = [logging.root, *map(logging.getLogger, names)]
    levels = [logger.level for logger in loggers]
    keep = Keep(level=0)
    logging.root.addHandler(keep)
    for logger in loggers:
        logger.setLevel(1)
    try:
        yield lines
    finally:
        logging.root.removeHandler(keep)
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


_opened: list[list[str]] = []


def _note_opening(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _opened and isinstance(arguments[2], int):
        path, _mode, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and path != os.devnull:
            _opened[-1].append(str(path))


sys.addaudithook(_note_opening)  # there is no way to remove one


@contextmanager
def files_written() -> Iterator[list[str]]:
    """The paths that Python opens for writing meanwhile."""
    drawing.build(drawing.in_service())  # as it is before a portal is served
    _opened.append([])
    try:
        yield _opened[-1]
    finally:
        _opened.pop()
