package writeboost.bench;

import java.util.ArrayList;
import java.util.List;

/** What {@link Fio} is to do, in its own words. Immutable. */
final class Load {

  static final int BLOCK_BYTES = 4096;

  private static final String FLUSH_EACH = "--fdatasync=1";

  private final List<String> arguments;
  private final int seconds;
  private final boolean writes;

  private Load(List<String> arguments, int seconds, boolean writes) {
    this.arguments = List.copyOf(arguments);
    this.seconds = seconds;
    this.writes = writes;
  }

  /** 4 KiB writes anywhere in the span, {@code depth} in flight. */
  static Load randomWrites(int depth, long spanBytes) {
    return of("randwrite", BLOCK_BYTES, depth, spanBytes).and("--norandommap");
  }

  /** 4 KiB writes that hit every block of the span once, in no order. */
  static Load everyBlockOnce(int depth, long spanBytes) {
    return of("randwrite", BLOCK_BYTES, depth, spanBytes);
  }

  /** 4 KiB reads anywhere in the span. */
  static Load randomReads(int depth, long spanBytes) {
    return of("randread", BLOCK_BYTES, depth, spanBytes).and("--norandommap");
  }

  /** From the beginning of the span to its end, again and again. */
  static Load sequentialWrites(int blockBytes, int depth, long spanBytes) {
    return of("write", blockBytes, depth, spanBytes);
  }

  /** From the beginning of the span to its end, again and again. */
  static Load sequentialReads(int blockBytes, int depth, long spanBytes) {
    return of("read", blockBytes, depth, spanBytes);
  }

  private static Load of(String kind, int blockBytes, int depth, long spanBytes) {
    List<String> arguments =
        List.of(
            "--rw=" + kind,
            "--bs=" + blockBytes,
            "--iodepth=" + depth,
            "--size=" + spanBytes,
            "--randrepeat=0");
    return new Load(arguments, 0, kind.endsWith("write"));
  }

  /** Ends after so many seconds, though there be more to do. */
  Load seconds(int newSeconds) {
    return new Load(with("--runtime=" + newSeconds), newSeconds, writes);
  }

  /** The span begins so many bytes behind the beginning. */
  Load from(long offsetBytes) {
    return and("--offset=" + offsetBytes);
  }

  /** Goes on for all of {@link #seconds}, though all is done. */
  Load again() {
    return and("--time_based=1");
  }

  /** Ends after so many bytes; of each client, where there are several. */
  Load bytes(long bytes) {
    return and("--io_size=" + bytes);
  }

  /** Each write is followed by a flush before the next one. */
  Load flushingEach() {
    return and(FLUSH_EACH);
  }

  /** A flush after so many writes. */
  Load flushingAfter(int writeCount) {
    return and("--fdatasync=" + writeCount);
  }

  /**
   * So many clients, each with a connection and a depth of its own; figures are of all together.
   */
  Load clients(int count) {
    return and("--numjobs=" + count).and("--group_reporting=1");
  }

  /** No more than so many requests per second. */
  Load rate(long iops) {
    return and("--rate_iops=" + iops);
  }

  /** What happens in the first seconds does not count; they come on top of the others. */
  Load ramp(int rampSeconds) {
    return new Load(with("--ramp_time=" + rampSeconds), seconds + rampSeconds, writes);
  }

  private Load and(String argument) {
    return new Load(with(argument), seconds, writes);
  }

  private List<String> with(String argument) {
    List<String> all = new ArrayList<>(arguments);
    all.add(argument);
    return all;
  }

  List<String> arguments() {
    return arguments;
  }

  /** That it takes at most; 0 where nobody said. */
  int seconds() {
    return seconds;
  }

  /** Whether each write is followed by a flush. */
  boolean flushes() {
    return arguments.contains(FLUSH_EACH);
  }

  boolean writes() {
    return writes;
  }
}
