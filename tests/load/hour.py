"""The hour itself: first everything once and alone, then logins only, then the rush.

Arrivals are open loop at seeded moments: whoever is served slowly does not keep others away. So a
wait that is measured is a wait that somebody had.
"""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from statistics import median

from securelogin.models import Notice
from tests.load.browser import Headers, Log
from tests.load.desk import Desk
from tests.load.people import Person
from tests.load.report import Cost, Peaks, Phase
from tests.load.spent import Meter, Spent
from tests.load.walks import TROUBLES, Walk, outage

# Of the logins of people with a card, one in so many meets each trouble.
_TROUBLE_EVERY = 13
_LOGIN_TROUBLES = ("wrong answer", "two logins", "wrong password", "lost login")
# Waits after one, two and three wrong answers, and a little more.
_WAITS = (1.2, 2.2, 4.2)
_STEPS = ("login", "card", "active")
# How long the last callers, and the last mails, may take after the rush.
PATIENCE = 300


@dataclass(frozen=True, slots=True)
class Size:
    """How much happens.

    Attributes:
        callers: who call in the rush.
        rate: logins of people with a card, a second.
        quiet: seconds with nothing but logins.
        rush: seconds in which callers arrive.
        seed: of the moments and of who meets which trouble.
    """

    callers: int
    rate: float
    quiet: float
    rush: float
    seed: int


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    instructor: Person
    agents: list[Person]
    alone: list[Person]
    callers: list[Person]
    holders: list[Person]
    guessers: list[Person]

    @property
    def everybody(self) -> list[Person]:
        """All of them."""
        desk = [self.instructor, *self.agents]
        return desk + self.alone + self.callers + self.holders + self.guessers


@dataclass(slots=True)
class Hour:
    """One run.

    Attributes:
        lost: walks that came to no end, in words.
        peaks: the most that was seen at once.
    """

    size: Size
    cast: Cast
    ports: list[int]
    headers: Headers
    log: Log
    meter: Meter
    connections: Callable[[], int]
    lost: list[str] = field(default_factory=list)
    peaks: Peaks = field(default_factory=Peaks)
    _threads: list[threading.Thread] = field(default_factory=list)
    # What was spent, and how many answers there were, when the last step alone was done.
    _price: tuple[Spent, int] = field(init=False)
    _calls: queue.Queue[tuple[Person, str] | None] = field(default_factory=queue.Queue)

    def one_by_one(self) -> list[Cost]:
        """Each step of a few clients, while nothing else happens."""
        self.log.phase = "alone"
        desk = Desk(self.cast.instructor, self.ports, self.headers, self.log)
        desk.begin()
        self._mails_are_out()
        spent: dict[str, list[tuple[Spent, int]]] = {}
        for person in self.cast.alone:
            self._price = (self.meter.now(), self.log.statuses.total())

            def step(name: str) -> None:
                self._mails_are_out()
                now, requests = self.meter.now(), self.log.statuses.total()
                then, earlier = self._price
                spent.setdefault(name, []).append((now.since(then), requests - earlier))
                self._price = (self.meter.now(), requests)

            desk.issue(person)
            step("code issued at the desk")
            outage(self._walk(person), "", step)
        return [_mean(name, found) for name, found in spent.items()]

    def logins_only(self) -> Phase:
        """People with cards log in; nobody calls."""
        with self._phase("quiet") as phase:
            self._logins(self.size.quiet)
            self._join()
        return phase()

    def rush(self) -> Phase:
        """The same logins, while callers arrive: few, many, few."""
        with self._phase("rush") as phase:
            shifts = [threading.Thread(target=self._shift, args=(a,)) for a in self.cast.agents]
            for shift in shifts:
                shift.start()
            logins = threading.Thread(target=self._logins, args=(self.size.rush,), daemon=True)
            logins.start()
            for guesser in self.cast.guessers:
                self._go(self._guess, guesser)
            self._callers_arrive()
            logins.join()
            self._join()
            for _shift in shifts:
                self._calls.put(None)
            for shift in shifts:
                shift.join(PATIENCE)
            self._mails_are_out()
        return phase()

    # Who comes ----------------------------------------------------------------------------

    def _logins(self, seconds: float) -> None:
        rng = random.Random(f"logins {self.size.seed} {seconds}")
        free: queue.SimpleQueue[Person] = queue.SimpleQueue()
        for person in self.cast.holders:
            free.put(person)

        def come(trouble: str) -> None:
            person = free.get(timeout=PATIENCE)
            try:
                walk = self._walk(person)
                walk.log_in(trouble)
                walk.log_out()
            finally:
                free.put(person)

        for number, moment in enumerate(_poisson(rng, self.size.rate, seconds)):
            _sleep_until(moment)
            chosen = number % _TROUBLE_EVERY
            self._go(come, _LOGIN_TROUBLES[chosen] if chosen < len(_LOGIN_TROUBLES) else "")
            self._look()

    def _callers_arrive(self) -> None:
        rng = random.Random(f"callers {self.size.seed}")
        began = time.monotonic()
        # Of two draws the mean: most of them come in the middle.
        moments = sorted((rng.random() + rng.random()) / 2 for _ in self.cast.callers)
        for number, (person, part) in enumerate(zip(self.cast.callers, moments, strict=True)):
            _sleep_until(began + part * self.size.rush)
            self._calls.put((person, TROUBLES[number % len(TROUBLES)]))
            self._go(self._call, person, TROUBLES[number % len(TROUBLES)])
            self._look()

    def _call(self, person: Person, trouble: str) -> None:
        if not person.has_code.wait(PATIENCE):
            raise TimeoutError("no agent took the call")
        outage(self._walk(person), trouble)

    def _shift(self, agent: Person) -> None:
        desk = Desk(agent, self.ports, self.headers, self.log)
        while (call := self._calls.get()) is not None:
            person, trouble = call
            # A default is the way to keep what a name means now; mypy cannot tell its type.
            self._tell(person, lambda p=person, t=trouble: desk.issue(p, t))  # type: ignore[misc]

    def _guess(self, person: Person) -> None:
        person.guesses = len(_WAITS)
        self._walk(person).guess(_WAITS)

    # How ----------------------------------------------------------------------------------

    def _walk(self, person: Person) -> Walk:
        # Not all of them begin at the same master.
        turn = person.pk % len(self.ports)
        return Walk(person, self.ports[turn:] + self.ports[:turn], self.headers, self.log)

    def _go(self, act: Callable[..., None], *args: object) -> None:
        person = next((arg for arg in args if isinstance(arg, Person)), None)
        thread = threading.Thread(target=self._tell, args=(person, lambda: act(*args)), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _tell(self, person: Person | None, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever it was, the audit names it
            name = person.username if person else "a login"
            self.lost.append(f"{name}: {type(error).__name__}: {error}")

    def _join(self) -> None:
        until = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.1, until - time.monotonic()))
            if thread.is_alive():
                self.lost.append("a walk took too long")
        self._threads.clear()

    def _mails_are_out(self) -> None:
        until = time.monotonic() + PATIENCE
        while Notice.objects.filter(sent_at=None).exists() and time.monotonic() < until:
            time.sleep(0.05)
        # The event of the last one, and the end of its task.
        time.sleep(0.3)

    def _look(self) -> None:
        with suppress(ValueError):
            memory = max(self.meter.workers())
            self.peaks = replace(self.peaks, memory=max(self.peaks.memory, memory))
        self.peaks = replace(
            self.peaks, connections=max(self.peaks.connections, self.connections())
        )

    def _phase(self, name: str) -> _Measured:
        self.log.phase = name
        return _Measured(name, self.meter, self.cast.everybody)


class _Measured:
    """What was spent and done inside a ``with``; called afterwards, it tells."""

    def __init__(self, name: str, meter: Meter, people: list[Person]) -> None:
        self._name, self._meter, self._people = name, meter, people

    def __enter__(self) -> Callable[[], Phase]:
        self._spent, self._done = self._meter.now(), self._so_far()
        return lambda: self._found

    def __exit__(self, *_error: object) -> None:
        done = self._so_far()
        since = {step: done[step] - self._done[step] for step in done}
        self._found = Phase(self._name, self._meter.now().since(self._spent), since)

    def _so_far(self) -> dict[str, int]:
        return {step: sum(person.told[step] for person in self._people) for step in _STEPS}


def _poisson(rng: random.Random, rate: float, seconds: float) -> Iterator[float]:
    """Moments of the monotonic clock at which somebody comes, independent of each other."""
    moment = began = time.monotonic()
    while (moment := moment + rng.expovariate(rate)) < began + seconds:
        yield moment


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _mean(name: str, found: list[tuple[Spent, int]]) -> Cost:
    count = len(found)
    spent = [one for one, _requests in found]
    database = [one.database for one in spent if one.database is not None]
    mean = Spent(
        sum(one.web for one in spent) / count,
        sum(one.outbox for one in spent) / count,
        sum(database) / count if database else None,
        sum(one.driver for one in spent) / count,
        # Whoever touches a page first after a checkpoint writes all of it.
        round(median(one.wal for one in spent)),
        sum(one.wall for one in spent) / count,
    )
    return Cost(name, mean, sum(requests for _one, requests in found) / count)
