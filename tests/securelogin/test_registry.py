"""The registry: what shared code knows of the types, whichever are switched on."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.template.loader import get_template
from django.urls import reverse

from securelogin.forms import AnswerForm
from securelogin.models import LoginDevice
from securelogin.registry import (
    DeviceTypeConfig,
    device_type,
    device_type_of,
    device_types,
)

TYPES = device_types()
each_type = pytest.mark.parametrize("config", TYPES, ids=lambda config: config.slug)


def test_the_types_come_in_the_order_of_the_settings() -> None:
    order = [name for name in settings.INSTALLED_APPS if name in {t.name for t in TYPES}]
    assert [config.name for config in TYPES] == order
    assert TYPES


def test_slugs_and_paths_are_unique() -> None:
    assert len({config.slug for config in TYPES}) == len(TYPES)
    assert len({config.url_part for config in TYPES}) == len(TYPES)


@each_type
def test_a_type_is_found_by_its_slug_and_by_its_device(config: DeviceTypeConfig) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", config.slug)
    assert device_type(config.slug) is config
    assert device_type_of(config.device_model()) is config
    assert config.device_model().type_slug == config.slug


@each_type
def test_django_finds_the_folder_of_a_type(config: DeviceTypeConfig) -> None:
    # Its commands, templates and migrations are looked for there.
    assert Path(config.path) == Path(str(import_module(config.name).__file__)).parent


def test_an_unknown_slug_is_no_type() -> None:
    assert device_type("carrier-pigeon") is None


@each_type
def test_what_a_type_names_exists(config: DeviceTypeConfig) -> None:
    assert issubclass(config.device_model, LoginDevice)
    assert issubclass(config.load_answer_form(), AnswerForm)
    get_template(config.prompt_template)
    get_template(config.ended_template)
    section = config.load_list_section()
    assert (section is None) is (config.list_section == "")
    for action in config.desk_actions:
        assert reverse(action.url_name, args=[1]).startswith("/admin/")
        app_label, codename = action.permission.split(".")
        meta = apps.get_app_config(app_label).get_model(config.model_name)._meta
        known = {f"{name}_{meta.model_name}" for name in meta.default_permissions}
        assert codename in known | {name for name, _label in meta.permissions}


@each_type
def test_a_type_says_which_columns_are_secret_only_by_names_it_has(
    config: DeviceTypeConfig,
) -> None:
    columns = {field.name for field in config.device_model._meta.get_fields()}
    assert set(config.device_model.secret_columns) <= columns


def test_every_type_has_a_contract_for_the_shared_suite() -> None:
    for config in TYPES:
        folder = settings.BASE_DIR / "tests" / "securelogin" / config.label
        assert (folder / "contract.py").is_file(), f"{config.label} has no contract.py"
