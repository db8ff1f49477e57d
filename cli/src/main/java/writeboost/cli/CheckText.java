package writeboost.cli;

import java.io.PrintWriter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import writeboost.inspect.CacheContents;
import writeboost.inspect.Check;
import writeboost.inspect.Damage;

/** What a check finds, a line each, and a summary. */
final class CheckText implements CheckCommand.Output {

  private final PrintWriter out;
  private long damages;

  CheckText(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void damage(Damage damage) {
    damages++;
    String text =
        switch (damage.place()) {
          case SUPERBLOCK -> damage.what();
          case RECORD -> "record: " + damage.what();
          case SEGMENT -> "segment %d: %s".formatted(damage.segment(), damage.what());
          case LINE, LOST_SECTORS -> line(damage);
        };
    out.println(Messages.oneLine(text));
    out.flush();
  }

  private static String line(Damage damage) {
    return "segment %d line %d, backing offset %d, %d bytes: %s"
        .formatted(
            damage.segment(),
            damage.line(),
            damage.backingOffset(),
            damage.backingLength(),
            damage.what());
  }

  @Override
  public void end(@Nullable CacheContents cache, Check.@Nullable Result result) {
    String verdict =
        damages == 0
            ? "sound"
            : "damaged: %,d %s".formatted(damages, damages == 1 ? "finding" : "findings");
    out.println(verdict + "; " + (result == null ? "nothing else was verified" : text(result)));
    if (cache != null && cache.form() == CacheContents.Form.LAP) {
      out.println(
          "layout v1 has no checksums: of its headers the laps agree, its data is unverified");
    }
  }

  private static String text(Check.Result result) {
    StringBuilder text = new StringBuilder();
    if (result.last() > result.record()) {
      add(
          text,
          "segments %d to %d verified: %,d, with %,d lines",
          result.last() - result.segments() + 1,
          result.last(),
          result.segments(),
          result.lines());
    } else {
      add(text, "everything in it is written back");
    }
    if (result.zeroRuns() > 0) {
      add(text, ", of them %,d zero runs", result.zeroRuns());
    }
    if (result.droppedSegments() + result.droppedLines() > 0) {
      add(
          text,
          "; torn at the end, not durable and not used: %,d segments, %,d lines",
          result.droppedSegments(),
          result.droppedLines());
    }
    if (result.paddingChanged() > 0) {
      add(text, "; bytes without meaning changed in %,d segments", result.paddingChanged());
    }
    return text.toString();
  }

  private static void add(StringBuilder text, String format, Object... arguments) {
    text.append(String.format(Locale.ROOT, format, arguments));
  }
}
