"""Where a request came from: believed only as far as our own proxies say so."""

from __future__ import annotations

import ipaddress
import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from securelogin.origin import Origin, browser_family, client_address, current, network_of

PROXY = "10.0.0.7"
addresses = st.ip_addresses().map(str)
foreign = addresses.filter(lambda text: not text.startswith("10."))


@pytest.fixture(autouse=True)
def _one_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("10.0.0.0/8"),)


def test_it_names_the_last_hop_that_is_no_proxy_of_ours() -> None:
    assert client_address(PROXY, "203.0.113.5") == "203.0.113.5"
    assert client_address(PROXY, "203.0.113.5, 10.1.1.1") == "203.0.113.5"
    assert client_address(PROXY, "198.51.100.1, 203.0.113.5, 10.1.1.1") == "203.0.113.5"


def test_a_client_without_a_proxy_is_named_by_its_own_address() -> None:
    assert client_address("203.0.113.5", "") == "203.0.113.5"
    assert client_address("203.0.113.5", "192.0.2.1") == "203.0.113.5"


def test_nothing_is_believed_without_a_trusted_proxy(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ()
    assert client_address(PROXY, "192.0.2.1") == PROXY


@pytest.mark.parametrize("forged", ["<script>", "unknown", "1.2.3", "::ffff:zzz"])
def test_a_hop_that_is_no_address_ends_the_search(forged: str) -> None:
    assert client_address(PROXY, forged) == ""
    assert client_address(PROXY, f"{forged}, 203.0.113.5") == "203.0.113.5"


def test_an_empty_remote_address_is_no_origin() -> None:
    assert client_address("", "203.0.113.5") == ""


@given(st.text(max_size=60), foreign)
def test_what_a_client_writes_into_the_header_never_moves_it(invented: str, real: str) -> None:
    # The proxy appends the address that it saw to whatever the client sent.
    assert client_address(PROXY, f"{invented}, {real}") == real


@given(st.ip_addresses(v=4))
def test_ipv4_is_kept_as_its_first_three_bytes(address: ipaddress.IPv4Address) -> None:
    network = ipaddress.ip_network(network_of(str(address)))
    assert network.prefixlen == 24
    assert address in network
    assert network_of(f"::ffff:{address}") == str(network)


@given(st.ip_addresses(v=6))
def test_ipv6_is_kept_as_its_first_48_bits(address: ipaddress.IPv6Address) -> None:
    if address.ipv4_mapped is None:
        network = ipaddress.ip_network(network_of(str(address)))
        assert network.prefixlen == 48
        assert address in network


@pytest.mark.parametrize("text", ["", "nonsense", "300.1.1.1"])
def test_what_is_no_address_has_no_network(text: str) -> None:
    assert network_of(text) == ""


@pytest.mark.parametrize(
    ("user_agent", "family"),
    [
        ("Mozilla/5.0 (X11) Gecko/20100101 Firefox/128.0", "Firefox"),
        ("Mozilla/5.0 Chrome/129.0.0.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 Chrome/129.0.0.0 Safari/537.36 Edg/129.0.0.0", "Edge"),
        ("Mozilla/5.0 Chrome/128.0.0.0 Safari/537.36 OPR/114.0.0.0", "Opera"),
        ("Mozilla/5.0 (iPhone) Version/17.5 Mobile/15E148 Safari/604.1", "Safari"),
        ("Mozilla/5.0 (iPhone) CriOS/129.0 Mobile/15E148 Safari/604.1", "Chrome"),
        ("Mozilla/5.0 (iPhone) FxiOS/130.0 Mobile/15E148 Safari/605.1.15", "Firefox"),
        ("<b>curl</b>", "another browser"),
        ("", "another browser"),
    ],
)
def test_a_browser_is_named_by_its_family(user_agent: str, family: str) -> None:
    assert browser_family(user_agent) == family


def test_outside_a_request_there_is_no_origin() -> None:
    assert current() == Origin("", "", "")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/no/such/page/", "/home/"])
def test_each_request_has_an_id_of_its_own_and_never_the_clients(path: str) -> None:
    wanted = "0123456789abcdef"
    client = Client(headers={"X-Request-ID": wanted})
    ids = [client.get(path)["X-Request-ID"] for _ in range(3)]
    assert len({wanted, *ids}) == 4
    assert all(re.fullmatch("[0-9a-f]{16}", name) for name in ids)
    assert current().request_id == ""
