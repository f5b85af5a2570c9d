"""Reading a page of metrics as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families


class Figures(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """The samples of one page."""

    def of(self, name: str, **labels: str) -> float:
        """Return one sample, 0 where there is none yet, like Prometheus's own rate of it."""
        return self.get((name, frozenset(labels.items())), 0.0)

    def names(self) -> set[str]:
        """Return the names of all samples."""
        return {name for name, _ in self}


def read_metrics(page: str) -> Figures:
    """Parse *page*. Raises `ValueError` when it is not in the text format."""
    return Figures(
        {
            (sample.name, frozenset(sample.labels.items())): float(sample.value)
            for family in text_string_to_metric_families(page)
            for sample in family.samples
        }
    )
