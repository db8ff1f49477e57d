package writeboost.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Conditions and every single figure as JSON. */
final class Json {

  private Json() {}

  static String of(Map<String, String> conditions, List<Result> results) {
    String given =
        conditions.entrySet().stream()
            .map(entry -> "    " + quote(entry.getKey()) + ": " + quote(entry.getValue()))
            .collect(Collectors.joining(",\n"));
    String found = results.stream().map(Json::of).collect(Collectors.joining(",\n"));
    return "{\n  \"conditions\": {\n"
        + given
        + "\n  },\n  \"benchmarks\": [\n"
        + found
        + "\n  ]\n}\n";
  }

  private static String of(Result result) {
    return switch (result) {
      case Comparison comparison -> of(comparison);
      case DrainResult drain -> of(drain);
    };
  }

  private static String of(DrainResult drain) {
    return format(
        "    {\"name\": \"%s\", \"blocks\": %d, \"span_bytes\": %d,\n"
            + "      \"drain_s\": [%s], \"unsorted_s\": [%s], \"ratio\": %.3f}",
        Benchmark.T6,
        drain.blocks(),
        drain.spanBytes(),
        numbers(drain.drains()),
        numbers(drain.unsorteds()),
        drain.ratio());
  }

  private static String numbers(List<Double> values) {
    return values.stream().map(value -> format("%.3f", value)).collect(Collectors.joining(", "));
  }

  private static String of(Comparison comparison) {
    String servers = comparison.servers().stream().map(Json::of).collect(Collectors.joining(",\n"));
    return format(
        "    {\"name\": \"%s\", \"log_full\": %.3f, \"in_place\": %.4f, \"servers\": [\n%s\n    ]}",
        comparison.benchmark(), comparison.log().full(), comparison.overwrittenInPlace(), servers);
  }

  private static String of(Comparison.Series series) {
    String runs =
        series.runs().stream()
            .map(
                run ->
                    format(
                        "        {\"requests\": %d, \"iops\": %.0f, \"cpu_us\": %.3f}",
                        run.requests(), run.iops(), run.cpuMicros()))
            .collect(Collectors.joining(",\n"));
    return format(
        "      {\"name\": %s, \"median_iops\": %.0f, \"median_cpu_us\": %.3f, \"runs\": [\n"
            + "%s\n"
            + "      ]}",
        quote(series.server()), series.iops(), series.cpuMicros(), runs);
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
