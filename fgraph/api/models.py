"""Resolution of the models that graphs name, to headers or loaded generators, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fgraph._errors import Fault, ModelError
from fgraph.declare import MAIN, GraphSpec
from fgraph.declare.checking import is_model
from fgraph.declare.files import search_hint
from fgraph.stylegan.checkpoints.header import DEFAULT_MODEL, read_header
from fgraph.stylegan.tables.base import Table


class ModelPool:
    """The distinct models of graphs that are compiled together, each with a short name."""

    def __init__(self) -> None:
        self.models: dict[str, Any] = {}  # name in the program -> header or loaded generator
        self._names: dict[Any, str] = {}  # identity of a model -> name in the program
        self._sources: dict[Any, str] = {}

    @property
    def tables(self) -> Mapping[str, Table]:
        """The layer table of each model, by name."""
        return {name: model.table for name, model in self.models.items()}

    def resolve(self, spec: GraphSpec) -> tuple[dict[str, str], list[Fault]]:
        """Return the program's name for each model of a graph, and the faults of models that can't be found.

        `main` is the bundled default model if the graph names none.
        """
        found: dict[str, str] = {}
        faults: list[Fault] = []
        for name, source in {MAIN: DEFAULT_MODEL, **spec.models}.items():
            if not is_model(source):
                continue  # a fault that is reported already
            try:
                found[name] = self._name(source)
            except ModelError as error:
                file, line = spec.source.place("models", name)
                faults.append(Fault(str(error), f"models.{name}", file, line, search_hint(source, file)))
        return found, faults

    def _name(self, source: Any) -> str:
        key = id(source) if hasattr(source, "table") else str(source)
        if key not in self._sources:
            self._sources[key] = self._add(source)
        return self._sources[key]

    def _add(self, source: Any) -> str:
        model = source if hasattr(source, "table") else read_header(source)
        identity = id(model) if model is source else model.identity
        if identity not in self._names:
            name, number = str(model.name), 2
            while name in self.models:
                name, number = f"{model.name}-{number}", number + 1
            self.models[name] = model
            self._names[identity] = name
        return self._names[identity]
