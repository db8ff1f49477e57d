package writeboost.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Conditions and results as text for people. */
final class Report {

  private Report() {}

  static String conditions(Map<String, String> conditions) {
    StringBuilder text = new StringBuilder();
    conditions.forEach((name, value) -> text.append(format("%-12s %s%n", name, value)));
    return text.toString();
  }

  static String list(List<Target> targets) {
    StringBuilder text = new StringBuilder();
    for (Target target : targets) {
      text.append(format("%-7s %s%n", target.name(), target.what()));
      text.append(format("%-7s against %s%n", "", target.against()));
      text.append(
          format(
              "%-7s %s%n",
              "",
              target.goal().isEmpty()
                  ? "no target: published as it is"
                  : "target " + target.goal()));
    }
    return text.toString();
  }

  static String of(Result result) {
    StringBuilder text = new StringBuilder();
    text.append(format("%n%s: %s%n", result.target().name(), result.target().what()));
    List<Metric> metrics =
        Arrays.stream(Metric.values())
            .filter(metric -> result.series().stream().anyMatch(series -> series.has(metric)))
            .toList();
    text.append(format("%-28s", "median"));
    metrics.forEach(metric -> text.append(format(" %11s", metric.title)));
    text.append(format("  %s%n", "least..most of the first"));
    for (Series series : result.series()) {
      text.append(row(series, metrics));
    }
    result.verdicts().forEach(verdict -> text.append(verdict).append('\n'));
    result.notes().forEach(note -> text.append(note).append('\n'));
    return text.toString();
  }

  /** All that has a target, a line for each; with the names of what could not be measured. */
  static String summary(List<Result> results, List<Target> failed) {
    StringBuilder text = new StringBuilder(format("%n"));
    for (Result result : results) {
      for (Verdict verdict : result.verdicts()) {
        text.append(format("%-7s %s%n", result.target().name(), verdict));
      }
    }
    failed.forEach(target -> text.append(format("%-7s could not be measured%n", target.name())));
    return text.toString();
  }

  private static String row(Series series, List<Metric> metrics) {
    StringBuilder text = new StringBuilder(format("%-28s", series.name()));
    String range = "";
    for (Metric metric : metrics) {
      if (series.has(metric)) {
        text.append(format(" %11s", number(series.median(metric), metric)));
        if (range.isEmpty()) {
          range = number(series.min(metric), metric) + ".." + number(series.max(metric), metric);
        }
      } else {
        text.append(format(" %11s", "-"));
      }
    }
    return text.append("  ").append(range).append('\n').toString();
  }

  private static String number(double value, Metric metric) {
    return format("%." + metric.digits + "f", value);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
