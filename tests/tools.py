"""Other people's tools, asked for the same thing: one independent cascade from given seeds.

One trial for each directed edge that leaves whoever is reached, with probability ``p``. A tool is loaded
with a graph once; then each cascade is made ready (not timed by the benchmark) and run to extinction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np
from graphs import Rows
from scipy.sparse.csgraph import connected_components


@dataclass(frozen=True)
class Ready:
    """A tool with a graph loaded: ``reset`` readies it for another cascade, ``run`` gives the final size."""

    run: Callable[[], int]
    reset: Callable[[], Any] = lambda: None


DAYS = 400  # of Starsim's calendar: more steps than a cascade takes

Load = Callable[[Rows, list[int], float, int], Ready]


@dataclass(frozen=True)
class Tool:
    """``module``: what is imported (and why a tool may be missing); ``package``: whose version is told;
    ``is_cascade``: follows directed edges (else only components of kept edges, a final size)."""

    load: Load
    module: str
    package: str
    is_cascade: bool = True

    def missing(self) -> str:
        """Why it cannot be used here, in a few words; empty if it can."""
        try:
            import_module(self.module)
        except Exception as error:  # a peer may fail to import in any way
            return f"{type(error).__name__}: {error}".splitlines()[0][:90]
        return ""

    def name_and_version(self) -> str:
        """``EoN 2.0``."""
        return f"{self.package} {version(self.package)}"

    def sizes(self, rows: Rows, seeds: list[int], p: float, n: int, seed: int) -> Iterator[int]:
        """Final sizes of ``n`` cascades."""
        ready = self.load(rows, seeds, p, seed)
        for _ in range(n):
            ready.reset()
            yield ready.run()


def _generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def load_networkx(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """Ten lines: who is new tries each neighbour once."""
    graph, rng = rows.networkx(), _generator(seed)

    def run() -> int:
        active, new = set(seeds), list(seeds)
        while new:
            tried = [v for u in new for v in graph.neighbors(u)]
            lucky = rng.random(len(tried)) < p
            new = list({v for v, yes in zip(tried, lucky.tolist(), strict=True) if yes} - active)
            active.update(new)
        return len(active)

    return Ready(run)


def load_scipy(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """A product of a sparse matrix and the vector of who is new counts each node's trials of a step."""
    inward, rng = rows.matrix().T.tocsr(), _generator(seed)

    def run() -> int:
        new = np.zeros(rows.n)
        new[seeds] = 1.0
        reached = new > 0
        while new.any():
            lucky = rng.random(rows.n) < 1.0 - (1.0 - p) ** (inward @ new)
            new = (lucky & ~reached).astype(float)
            reached |= lucky
        return int(reached.sum())

    return Ready(run)


def load_igraph(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """Keep each undirected edge with probability ``p``; sizes of the components of the seeds."""
    import igraph

    rng = _generator(seed)
    full = igraph.Graph(rows.n, np.stack(rows.edges(), axis=1).tolist())

    def run() -> int:
        kept = full.subgraph_edges(np.flatnonzero(rng.random(full.ecount()) < p), delete_vertices=False)
        label = np.array(kept.connected_components().membership)
        return int(np.isin(label, label[seeds]).sum())

    return Ready(run)


def load_percolation(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """The same with scipy."""
    from scipy.sparse import coo_array

    rng, (low, high) = _generator(seed), rows.edges()

    def run() -> int:
        kept = np.flatnonzero(rng.random(len(low)) < p)
        matrix = coo_array((np.ones(len(kept)), (low[kept], high[kept])), shape=(rows.n, rows.n))
        _, label = connected_components(matrix, directed=False)
        return int(np.isin(label, label[seeds]).sum())

    return Ready(run)


def load_cynetdiff(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """Compiled; given the compressed rows as they are."""
    from cynetdiff.models import IndependentCascadeModel

    model = IndependentCascadeModel(
        rows.indptr[:-1].astype(np.uint32),
        rows.target.astype(np.uint32),
        activation_prob=p,
        rng=_generator(seed),
    )
    model.set_seeds(seeds)

    def run() -> int:
        model.advance_until_completion()
        return int(model.get_num_activated_nodes())

    return Ready(run, model.reset_model)


def load_eon(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """Infectious for one step, so one trial an edge; the final size is the last number recovered."""
    import EoN

    graph, rng = rows.networkx(), np.random.default_rng(seed)
    return Ready(lambda: int(EoN.basic_discrete_SIR(graph, p, initial_infecteds=seeds, rng=rng)[3][-1]))


def load_ndlib(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """Its threshold of an edge is a probability; it must be stated for each edge, or it is 1 / degree.

    It draws from numpy's global generator.
    """
    from ndlib.models import epidemics
    from ndlib.models.ModelConfig import Configuration

    graph = rows.networkx()
    model, config = epidemics.IndependentCascadesModel(graph), Configuration()
    for edge in graph.edges:
        config.add_edge_configuration("threshold", edge, p)
    config.add_model_initial_configuration("Infected", seeds)
    model.set_initial_status(config)
    np.random.seed(seed)  # noqa: NPY002

    def run() -> int:
        counts = model.iteration(node_status=False)["node_count"]
        while counts[1]:
            counts = model.iteration(node_status=False)["node_count"]
        return int(counts[2])

    return Ready(run, lambda: model.reset(infected_nodes=seeds))


def load_starsim(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """A disease of one day on a static network. A bare number would be a rate, hence ``probperday``.

    In a step people first recover, then infect, so who is infected in a step has a duration of 2 to
    infect once; the seeds, infected before the first step, have 1.
    """
    import starsim as ss

    class Static(ss.Network):  # type: ignore[misc]
        def step(self) -> None:
            """The edges stay."""

    low, high = rows.edges()
    beta = [ss.probperday(p), 0 if rows.is_directed else ss.probperday(p)]
    state: dict[str, Any] = {"seed": seed}

    def reset() -> None:
        state["seed"] += 1
        sim = ss.Sim(
            n_agents=rows.n,
            networks=Static(name="ties", p1=low, p2=high, beta=np.ones(len(low))),
            diseases=ss.SIR(beta={"ties": beta}, init_prev=0, dur_inf=ss.constant(2), p_death=0),
            start=ss.days(0), stop=ss.days(DAYS), dt=ss.days(1), rand_seed=state["seed"], verbose=0,
        )  # fmt: skip
        sim.init()
        disease = sim.diseases[0]
        disease.set_prognoses(ss.uids(seeds))
        disease.ti_recovered[ss.uids(seeds)] = 1
        state["sim"], state["disease"] = sim, disease

    def run() -> int:
        sim, disease = state["sim"], state["disease"]
        while disease.infected.any():
            assert sim.ti < DAYS, "a cascade outlived the simulated days"
            sim.run_one_step()
        return int(rows.n - disease.susceptible.sum())

    return Ready(run, reset)


def load_mesa(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """One agent a person, who holds its friends; all are activated at every step."""
    model, people = _people(rows, p, seed)
    return _mesa(model, people, seeds, lambda new: model.agents)


def load_mesa_frontier(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """The same agents; only those who are new are activated."""
    from mesa.agent import AgentSet

    model, people = _people(rows, p, seed)
    return _mesa(model, people, seeds, lambda new: AgentSet(new, random=model.random))


def load_mesa_network(rows: Rows, seeds: list[int], p: float, seed: int) -> Ready:
    """Agents on cells of Mesa's network space, as in its example of a virus; all activated at every step."""
    from mesa.discrete_space import FixedAgent, Network

    model, people = _people(rows, p, seed, FixedAgent)
    network = Network(rows.networkx(), capacity=1, random=model.random)
    for row, person in enumerate(people):
        person.cell = network[row]
    return _mesa(model, people, seeds, lambda new: model.agents)


def _people(rows: Rows, p: float, seed: int, base: Any = None) -> tuple[Any, list[Any]]:
    """A Mesa model and its agents, ``reached_at`` a step or -1; with a ``base`` friends are on the cells."""
    import mesa

    class Person(base or mesa.Agent):  # type: ignore[misc]
        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self.reached_at, self.friends = -1, []

        def step(self) -> None:
            model = self.model
            if self.reached_at != model.now:
                return
            for friend in self.cell.neighborhood.agents if base else self.friends:
                if friend.reached_at < 0 and model.random.random() < p:
                    friend.reached_at = model.now + 1
                    model.new.append(friend)

    model = mesa.Model(rng=seed)
    people = [Person(model) for _ in range(rows.n)]
    for person, friends in zip(people, rows.lists() if not base else (), strict=False):
        person.friends = [people[i] for i in friends]
    return model, people


def _mesa(model: Any, people: list[Any], seeds: list[int], acting: Callable[[list[Any]], Any]) -> Ready:
    """Steps while anybody is new; ``acting`` gives the agents that a step activates."""

    def reset() -> None:
        for person in people:
            person.reached_at = -1
        for i in seeds:
            people[i].reached_at = 0
        model.now, model.new = 0, [people[i] for i in seeds]

    def run() -> int:
        while model.new:
            active, model.new = acting(model.new), []
            active.do("step")
            model.now += 1
        return sum(person.reached_at >= 0 for person in people)

    return Ready(run, reset)


TOOLS: dict[str, Tool] = {
    "cynetdiff": Tool(load_cynetdiff, "cynetdiff.models", "cynetdiff"),
    "percolation": Tool(load_percolation, "scipy.sparse.csgraph", "scipy", is_cascade=False),
    "igraph": Tool(load_igraph, "igraph", "igraph", is_cascade=False),
    "scipy": Tool(load_scipy, "scipy.sparse", "scipy"),
    "starsim": Tool(load_starsim, "starsim", "starsim"),
    "networkx": Tool(load_networkx, "networkx", "networkx"),
    "eon": Tool(load_eon, "EoN", "EoN"),
    "mesa, the new only": Tool(load_mesa_frontier, "mesa", "Mesa"),
    "mesa": Tool(load_mesa, "mesa", "Mesa"),
    "mesa network": Tool(load_mesa_network, "mesa.discrete_space", "Mesa"),
    "ndlib": Tool(load_ndlib, "ndlib.models.epidemics", "ndlib"),
}
