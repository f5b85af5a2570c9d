"""What the environment says of traces."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class TracingSettings(BaseSettings):
    """OpenTelemetry's variables that decide whether there are traces; its SDK reads the rest."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    otel_exporter_otlp_endpoint: str = ""
    otel_exporter_otlp_traces_endpoint: str = ""
    otel_traces_exporter: str = "otlp"
    otel_sdk_disabled: str = ""
    otel_service_name: str = ""
    otel_traces_sampler_arg: str = ""

    @property
    def is_on(self) -> bool:
        """Traces are on when there is somewhere to send them."""
        if self.otel_sdk_disabled.lower() == "true" or self.otel_traces_exporter != "otlp":
            return False
        return bool(self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint)

    @property
    def url(self) -> str:
        """Where spans go, for whoever does not read these variables himself."""
        base = self.otel_exporter_otlp_endpoint.rstrip("/")
        return self.otel_exporter_otlp_traces_endpoint or f"{base}/v1/traces"

    @property
    def share(self) -> float:
        """The share of new traces that is kept, 1 unless a number says otherwise."""
        try:
            return min(1.0, max(0.0, float(self.otel_traces_sampler_arg)))
        except ValueError:
            return 1.0
