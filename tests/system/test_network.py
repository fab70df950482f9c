from ipaddress import ip_address

from gameday.system import network, processes


def test_this_machine_has_an_address_that_is_no_wildcard():
    found = network.own_address()
    if found != processes.hostname():
        assert not ip_address(found).is_unspecified


def test_without_a_route_it_is_the_name_of_the_host(monkeypatch):
    monkeypatch.setattr(network, "ELSEWHERE", ("not an address", 9))
    assert network.own_address() == processes.hostname()
