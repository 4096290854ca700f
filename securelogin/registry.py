"""The device types that are switched on, found through Django's own list of apps.

A device type is one app: its ``apps.py`` subclasses `DeviceTypeConfig`. Shared code reaches a
type only through this module, never by name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.apps import AppConfig, apps
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.http import HttpRequest

    from securelogin.banners import Banner
    from securelogin.device_facts import DeviceFacts
    from securelogin.forms import AnswerForm
    from securelogin.models import LoginDevice
    from securelogin.protection import Protection


@dataclass(frozen=True, slots=True)
class DeskAction:
    """A button on the desk's page of a client.

    Attributes:
        label: the words on it.
        url_name: reversed with the client's primary key.
        permission: needed to see and use it.
    """

    label: str
    url_name: str
    permission: str


@dataclass(frozen=True, slots=True)
class ListSection:
    """What a type adds to the page of the device list.

    Attributes:
        template: shown below the list; empty for none.
        context: what the template needs.
        banners: shown above the list.
    """

    template: str
    context: dict[str, Any]
    banners: list[Banner]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """How a client adds a device of a type by himself.

    Attributes:
        url_name: of the page where that begins; its view is an `securelogin.enrolment.enrols`.
        label: the words on the way there.
        text: one sentence: what it is, and what it is good for.
    """

    url_name: str
    label: str
    text: str


class DeviceTypeConfig(AppConfig):
    """What shared code knows of a device type.

    A type's own config sets ``default = True``: with two candidates in one ``apps.py`` Django
    silently takes neither, and check ``securelogin.E001`` names that mistake.

    Attributes:
        slug: in addresses and template folders, kebab case.
        url_part: the part of the address below the device list.
        model_name: its `LoginDevice` model.
        answer_form: dotted path of the form of the second step.
        prompt_title: the heading of the question of the second step.
        prompt_template: the question below it, with the form's field.
        no_answer_label: the way to help of somebody who cannot answer it.
        ended_template: shown instead when the client's last device of this type is over.
        protection: how well its devices protect.
        needs_no_typing: its answer is neither read nor typed (WCAG 2.2, 3.3.8); it is offered
            beside every question of a device that is.
        enrolment: how a client adds one; None: only the desk gives one out.
        list_section: dotted path of ``f(request, devices) -> ListSection``, which gets all
            devices of the client; empty for none.
        desk_actions: what the desk may do for a client.
    """

    default = False
    slug: str
    url_part: str
    model_name: str
    answer_form: str
    prompt_title: str
    prompt_template: str
    no_answer_label: str
    protection: Protection
    needs_no_typing: bool = False
    enrolment: Enrolment | None = None
    ended_template: str = "securelogin/no_device.html"
    list_section: str = ""
    desk_actions: tuple[DeskAction, ...] = ()

    @property
    def device_model(self) -> type[LoginDevice]:
        """The model of the type's devices."""
        return cast("type[LoginDevice]", self.get_model(self.model_name))

    def load_answer_form(self) -> type[AnswerForm]:
        """The form class of the second step."""
        return cast("type[AnswerForm]", import_string(self.answer_form))

    def load_list_section(
        self,
    ) -> Callable[[HttpRequest, list[LoginDevice]], ListSection] | None:
        """The function that fills the section below the device list, if the type has one."""
        if not self.list_section:
            return None
        found = import_string(self.list_section)
        return cast("Callable[[HttpRequest, list[LoginDevice]], ListSection]", found)


def device_types() -> list[DeviceTypeConfig]:
    """The types switched on, in the order of INSTALLED_APPS: the order of preference."""
    return [config for config in apps.get_app_configs() if isinstance(config, DeviceTypeConfig)]


def device_type(slug: str) -> DeviceTypeConfig | None:
    """The type of that slug, or None."""
    return next((config for config in device_types() if config.slug == slug), None)


def device_type_of(device: DeviceFacts) -> DeviceTypeConfig:
    """The type that a device belongs to."""
    return cast("DeviceTypeConfig", apps.get_app_config(device._meta.app_label))
