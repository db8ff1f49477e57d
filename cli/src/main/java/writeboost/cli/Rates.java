package writeboost.cli;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import writeboost.volume.Pieces;
import writeboost.volume.Snapshot;
import writeboost.volume.Start;

/** How fast data came into the log and left it, over the last seconds. Any thread. */
final class Rates {

  /** A whole sweep's preparation and flush fit in. */
  static final long WINDOW_NS = TimeUnit.SECONDS.toNanos(10);

  private static final double NS_PER_S = TimeUnit.SECONDS.toNanos(1);

  /**
   * @param writtenBack bytes a second that went to the backing device
   * @param logged bytes a second of lines that clients' writes took
   * @param wholeWindow it has been watched for long enough to say something
   */
  record Now(double writtenBack, double logged, boolean wholeWindow) {

    static final Now NOTHING = new Now(0, 0, false);
  }

  private record Sample(long atNs, long linesWrittenBack, long linesLogged) {}

  private final ArrayDeque<Sample> samples = new ArrayDeque<>();

  /** To be called now and then; a window is as fine as that. */
  synchronized void look(Snapshot now, long nowNs) {
    Sample sample = new Sample(nowNs, now.linesWrittenBack(), linesLogged(now));
    Sample last = samples.peekLast();
    if (last != null && sample.linesLogged < last.linesLogged) {
      samples.clear(); // somebody has set the counters to zero
    }
    samples.add(sample);
    while (samples.size() > 2 && nowNs - samples.getFirst().atNs > WINDOW_NS) {
      samples.removeFirst();
    }
  }

  synchronized Now now() {
    if (samples.size() < 2) {
      return Now.NOTHING;
    }
    Sample first = samples.getFirst();
    Sample last = samples.getLast();
    long spanNs = Math.max(1, last.atNs - first.atNs);
    double perLine = Start.LINE_BYTES * NS_PER_S / spanNs;
    return new Now(
        perLine * (last.linesWrittenBack - first.linesWrittenBack),
        perLine * (last.linesLogged - first.linesLogged),
        spanNs > WINDOW_NS * 9 / 10);
  }

  /** Lines that clients' writes took: all but those that overwrote one in place. */
  static long linesLogged(Snapshot now) {
    int inPlace = Pieces.WRITE | Pieces.HIT | Pieces.ON_BUFFER;
    return now.pieces().sum(Pieces.WRITE, Pieces.WRITE) - now.pieces().sum(inPlace, inPlace);
  }
}
