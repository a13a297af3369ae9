"""The simulated market tells well-made ranges from others."""

import pytest

from benchmarks.backtest_simulated import judge, main, technologies
from valuation.methods.backtest import coverage
from valuation.methods.market import World, simulate, true_price


def test_coverage_is_nominal_when_the_market_is_as_stated_and_falls_when_not() -> None:
    deals = simulate(technologies(120), World, seed=11, paths=1000)
    shares = {world: coverage([deal.score for deal in deals if deal.world is world]) for world in World}
    assert judge(shares) == []
    assert {share.count for share in shares.values()} == {shares[World.BIASED].count}
    assert shares[World.WELL_SPECIFIED].count > 110


def test_the_same_seed_gives_the_same_market() -> None:
    once, again = (simulate(technologies(5), World, seed=3, paths=1000) for _ in range(2))
    assert once == again


def test_true_prices_scatter_around_the_suggestion() -> None:
    inputs = next(technologies(1))
    drawn = [true_price(inputs, seed=seed) for seed in range(20)]
    assert len(set(drawn)) == 20


def test_the_command_says_that_it_is_simulated(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    assert main(["--technologies", "60", "--paths", "1000", "--csv", str(tmp_path / "out.csv")]) == 0
    assert '"simulated": true' in capsys.readouterr().out
    assert (tmp_path / "out.csv").read_text().startswith("world,deals,hits,paths,seed\n")
