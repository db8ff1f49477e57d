package writeboost.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import writeboost.inspect.CacheContents;
import writeboost.inspect.SegmentContents;
import writeboost.inspect.SegmentContents.Kind;
import writeboost.layout.Geometry;
import writeboost.layout.RecordSector;
import writeboost.layout.Superblock;

/** What lies on a cache, for people. */
final class DumpText implements DumpCommand.Output {

  private static final String SEGMENT = "%10s %9s %6s %6s %6s  %-7s %s%n";
  private static final String LINE = "%24s %16s %9s  %-7s %-5s %s%n";

  private final PrintWriter out;
  private boolean segments;

  DumpText(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void begin(Path path, CacheContents cache) {
    Geometry geometry = cache.geometry();
    field("cache", Messages.oneLine(path.toString()));
    field("layout", cache.form().title());
    field(
        "segments",
        "%,d of %s (order %d), %d lines each"
            .formatted(
                geometry.segmentCount(),
                Size.format(geometry.segmentBytes()),
                geometry.order(),
                geometry.linesPerSegment()));
    Superblock superblock = cache.superblock();
    if (superblock != null) {
      superblock(superblock);
    }
    record(cache.record());
  }

  private void superblock(Superblock superblock) {
    field("UUID", superblock.uuid().toString());
    field("incarnation", Integer.toUnsignedString(superblock.incarnation()));
    field("window", superblock.window() + " segments");
    field("cache size", superblock.cacheSizeBytes() + " bytes");
    field("backing size", superblock.backingSizeBytes() + " bytes");
    boolean known = (superblock.fingerprintHigh() | superblock.fingerprintLow()) != 0;
    field("backing id", known ? fingerprint(superblock) : "unknown");
    field(
        "adopted",
        superblock.adoptedUpTo() == 0
            ? "no"
            : "from the kernel module, up to segment " + superblock.adoptedUpTo());
    field(
        "clean stop",
        superblock.clean()
            ? "before segment %d line %d".formatted(superblock.cleanId(), superblock.cleanLines())
            : "none yet");
  }

  static String fingerprint(Superblock superblock) {
    return "%016x%016x".formatted(superblock.fingerprintHigh(), superblock.fingerprintLow());
  }

  private void record(RecordSector record) {
    String up = "written back up to segment " + Long.toUnsignedString(record.id());
    field(
        "record",
        switch (record.state()) {
          case PRESENT -> up;
          case ABSENT -> up + " (without a CRC)";
          case DAMAGED -> "damaged";
        });
  }

  private void field(String name, String value) {
    out.printf("%-13s %s%n", name, value);
  }

  @Override
  public void segment(SegmentContents segment, boolean lines) {
    if (!segments) {
      segments = true;
      out.println();
      out.printf(SEGMENT, "segment", "slot", "lap", "lines", "incarn", "state", "durable before");
    }
    String slot = String.valueOf(segment.slot());
    switch (segment.kind()) {
      case EMPTY -> out.printf(SEGMENT, "-", slot, "", "", "", "empty", "");
      case UNUSABLE -> out.printf(SEGMENT, "?", slot, "", "", "", segment.problem(), "");
      case KERNEL -> head(segment, "", "kernel", "");
      case LAP -> head(segment, "", "whole", "");
      case EXTENDED ->
          head(
              segment,
              Integer.toUnsignedString(segment.incarnation()),
              !segment.metablocksOk() ? "damaged" : segment.closed() ? "closed" : "open",
              segment.durableId() + ":" + segment.durableLines());
    }
    if (lines && segment.length() > 0) {
      lines(segment);
    }
  }

  private void head(SegmentContents segment, String incarnation, String state, String durable) {
    out.printf(
        SEGMENT,
        segment.id(),
        segment.slot(),
        segment.lap(),
        segment.length(),
        incarnation,
        state,
        durable);
  }

  private void lines(SegmentContents segment) {
    out.printf(LINE, "line", "backing offset", "blocks", "sectors", "lost", "");
    for (int i = 0; i < segment.length(); i++) {
      boolean extended = segment.kind() == Kind.EXTENDED;
      out.printf(
          LINE,
          i,
          Long.toUnsignedString(segment.sector(i) * Geometry.SECTOR),
          segment.blocks(i),
          segment.zeroRun(i) ? "zeroes" : hex(segment.mask(i)),
          segment.lost(i) == 0 ? "-" : hex(segment.lost(i)),
          (extended ? "%08x".formatted(segment.lineCrc(i)) : "")
              + (segment.groupEnd(i) ? " end of group" : ""));
    }
  }

  private static String hex(int mask) {
    return String.format(Locale.ROOT, "%02x", mask);
  }

  @Override
  public void end() {
    if (!segments) {
      out.println();
      out.println("no segments");
    }
  }
}
