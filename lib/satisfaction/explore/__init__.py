"""Widget panels for notebooks in JupyterLab; no report needs them."""

from satisfaction.explore.run_panel import RunPanel
from satisfaction.explore.runner import ReportRunner, report_runner

__all__ = ["ReportRunner", "RunPanel", "report_runner"]
