"""When the next request may leave, and what stops a run."""

import threading
from concurrent.futures import ThreadPoolExecutor

from octoplan.apply.pace import Pace, Stop, Streak
from tests.apply.conftest import FakeClock, FastStop


def test_requests_leave_one_gap_apart() -> None:
    clock = FakeClock()
    pace, stop = Pace(10.0, clock), FastStop(clock)
    left = []
    for _ in range(5):
        assert pace.wait(stop)
        left.append(round(clock.monotonic(), 6))
    assert left == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_time_that_passed_unused_is_not_saved_up() -> None:
    clock = FakeClock()
    pace, stop = Pace(10.0, clock), FastStop(clock)
    pace.wait(stop)
    clock.sleep(60)
    left = [pace.wait(stop) and round(clock.monotonic(), 6) for _ in range(3)]
    assert left == [60.0, 60.1, 60.2]


def test_without_a_limit_nobody_waits() -> None:
    clock = FakeClock()
    pace, stop = Pace(None, clock), FastStop(clock)
    assert all(pace.wait(stop) for _ in range(100))
    assert clock.monotonic() == 0


def test_a_run_that_is_to_end_sends_nothing_more() -> None:
    clock = FakeClock()
    stop = FastStop(clock)
    stop.interrupt()
    assert not Pace(10.0, clock).wait(stop)
    assert not Pace(None, clock).wait(stop)


def test_a_stop_wakes_whoever_sleeps() -> None:
    stop = Stop()
    timer = threading.Timer(0.05, stop.interrupt)
    timer.start()
    assert stop.wait(30)
    timer.join()


def test_a_reason_is_said_once_and_an_account_stays_refused() -> None:
    stop = Stop()
    stop.run("no credit", account=True)
    stop.run("no credit")
    stop.run("shut out")
    assert (stop.reasons, stop.account, stop.is_set, stop.interrupted) == (["no credit", "shut out"], True, True, False)


def test_a_campaign_is_stopped_alone_and_that_is_news_once() -> None:
    stop = Stop()
    assert [stop.campaign("autumn-sale"), stop.campaign("autumn-sale")] == [True, False]
    assert stop.holds("autumn-sale")
    assert not stop.holds("winter")
    assert not stop.is_set


def test_a_streak_is_counted_over_all_threads_and_ends_with_a_success() -> None:
    streak = Streak()
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: streak.grow(), range(500))) == list(range(1, 501))
    streak.end()
    assert streak.grow() == 1
