package writeboost.simulate;

import java.util.Arrays;

/**
 * Knows what clients wrote, in which order, and what they were promised; says whether what is found
 * after a crash, or read in between, keeps the promises P1 and P2. One thread.
 *
 * <p>The order is that of the <em>pieces</em>: a request's parts inside one block each, ascending.
 * Contents are numbers: a version for each piece that was written, {@link Payload#ZEROES}, or
 * {@link Payload#FOREIGN}, which nothing ever is.
 *
 * <p>A crash must leave the state after the first k pieces, for one k for all sectors, and k not
 * below the <em>mark</em>, up to which a barrier has made pieces durable. For a single sector the
 * fitting k are a few intervals, one for each time that it had the content found. Counting where
 * intervals begin and end gives for every k the number of sectors that it suits.
 */
public final class PrefixChecker {

  private static final int NONE = -1;

  /** The content of a piece that does not count. */
  private static final long NEVER = Long.MIN_VALUE;

  private final int sectors;

  /** What each sector held before the first piece. */
  private final long[] base;

  private long nextVersion = 1;

  // the pieces

  private int pieces;
  private long[] contents = new long[256];

  // for each sector of each piece an entry, chained per sector from the newest piece back

  private int entries;
  private int[] entryPiece = new int[1024];
  private int[] entryOlder = new int[1024];
  private final int[] newestEntry;

  /** Per sector: the newest piece that somebody knows to be there, by an answer to a read too. */
  private final int[] known;

  /** All acknowledged pieces are below. */
  private int acknowledged;

  /** All pieces below are durable: a barrier has been answered. */
  private int mark;

  /**
   * @param sectors of the volume, all zero
   */
  public PrefixChecker(int sectors) {
    this.sectors = sectors;
    base = new long[sectors];
    newestEntry = new int[sectors];
    known = new int[sectors];
    forget();
  }

  private void forget() {
    pieces = 0;
    entries = 0;
    acknowledged = 0;
    mark = 0;
    Arrays.fill(newestEntry, NONE);
    Arrays.fill(known, NONE);
  }

  /** Another cache over the same backing device, which holds this: what was sent is forgotten. */
  public void beginAnew(long[] found) {
    System.arraycopy(found, 0, base, 0, sectors);
    forget();
  }

  // the life of a write

  /** The content of the next piece, never seen before. */
  public long newVersion() {
    return nextVersion++;
  }

  /** A piece has been handed to the volume, behind all earlier ones; returns its number. */
  public int sent(int firstSector, int count, long content) {
    if (pieces == contents.length) {
      contents = Arrays.copyOf(contents, pieces * 2);
    }
    contents[pieces] = content;
    for (int sector = firstSector; sector < firstSector + count; sector++) {
      if (entries == entryPiece.length) {
        entryPiece = Arrays.copyOf(entryPiece, entries * 2);
        entryOlder = Arrays.copyOf(entryOlder, entries * 2);
      }
      entryPiece[entries] = pieces;
      entryOlder[entries] = newestEntry[sector];
      newestEntry[sector] = entries++;
    }
    return pieces++;
  }

  /** The write that the piece belongs to has been answered without error. */
  public void acknowledged(int piece, int firstSector, int count) {
    acknowledged = Math.max(acknowledged, piece + 1);
    for (int sector = firstSector; sector < firstSector + count; sector++) {
      known[sector] = Math.max(known[sector], piece);
    }
  }

  /** The piece, of a write that was cancelled, has not come into the log and never will. */
  public void never(int piece) {
    contents[piece] = NEVER;
  }

  /** A barrier is sent; what it will promise once it is answered. */
  public int barrierSent() {
    return acknowledged;
  }

  /** A barrier is answered without error: everything before {@code promised} is durable. */
  public void durable(int promised) {
    mark = Math.max(mark, promised);
  }

  /** Everything acknowledged so far is durable: the volume was stopped cleanly. */
  public void allDurable() {
    mark = Math.max(mark, acknowledged);
  }

  public int pieces() {
    return pieces;
  }

  // reads

  /** A read of this sector is sent: the oldest piece that it may return. */
  public int readSent(int sector) {
    return known[sector];
  }

  /**
   * A read has been answered. It must have found what the sector held at one moment since it was
   * sent.
   *
   * @param oldest as {@link #readSent} said
   */
  public void read(int sector, int oldest, long found) {
    int match = NONE - 1;
    int entry = newestEntry[sector];
    for (; entry != NONE && entryPiece[entry] >= oldest; entry = entryOlder[entry]) {
      if (contents[entryPiece[entry]] == found) {
        match = entryPiece[entry];
      }
    }
    boolean unknown = base[sector] == Payload.UNREADABLE && found != Payload.FOREIGN;
    if (oldest == NONE && (base[sector] == found || unknown)) {
      match = NONE;
    }
    if (match < NONE) {
      throw new Violation(
          "read: sector %d holds %s; it should hold what piece %d wrote, or a later one: %s"
              .formatted(sector, name(found), oldest, history(sector)));
    }
    known[sector] = Math.max(known[sector], match);
  }

  // after a crash

  /**
   * The volume has been resumed and holds this. Finds k, forgets all later pieces, and begins anew
   * with what was found; everything in it counts as durable.
   *
   * @return how many acknowledged pieces are gone
   */
  public int resumed(long[] found) {
    int lost = Math.max(0, acknowledged - prefix(found));
    beginAnew(found);
    return lost;
  }

  /** The largest k, at or above the mark, for which this is the state after the first k pieces. */
  public int prefix(long[] found) {
    int[] begins = new int[pieces + 2];
    for (int sector = 0; sector < sectors; sector++) {
      countFitting(sector, found[sector], begins);
    }
    int best = mark;
    int bestFit = -1;
    int k = NONE;
    int fit = 0;
    for (int i = 0; i <= pieces; i++) {
      fit += begins[i];
      if (i >= mark && fit >= bestFit) {
        best = i;
        bestFit = fit;
      }
      if (fit == sectors && i >= mark) {
        k = i;
      }
    }
    if (k == NONE) {
      throw new Violation(report(found, best));
    }
    return k;
  }

  /** Each sector holds something that was once written to it, in whichever life, or zeroes. */
  public void possible(long[] found) {
    for (int sector = 0; sector < sectors; sector++) {
      if (found[sector] == Payload.FOREIGN || found[sector] >= nextVersion) {
        throw new Violation("sector %d holds what nobody wrote to it".formatted(sector));
      }
    }
  }

  /** Adds 1 where an interval of fitting k begins, and takes it away behind its end. */
  private void countFitting(int sector, long found, int[] begins) {
    int last = pieces;
    if (found == Payload.UNREADABLE) {
      begins[0]++;
      return;
    }
    for (int entry = newestEntry[sector]; entry != NONE; entry = entryOlder[entry]) {
      int piece = entryPiece[entry];
      if (contents[piece] == NEVER) {
        continue;
      }
      if (contents[piece] == found) {
        begins[piece + 1]++;
        begins[last + 1]--;
      }
      last = piece;
    }
    if (base[sector] == found || base[sector] == Payload.UNREADABLE) {
      begins[0]++;
      begins[last + 1]--;
    }
  }

  private String report(long[] found, int best) {
    StringBuilder text = new StringBuilder();
    text.append(
        "what is there is the state after no prefix of the %d pieces sent that has the %d durable ones; nearest: %d pieces"
            .formatted(pieces, mark, best));
    int shown = 0;
    for (int sector = 0; sector < sectors && shown < 12; sector++) {
      long expected = contentAfter(sector, best);
      if (expected != found[sector]) {
        text.append(
            "%n  sector %d should hold %s and holds %s; it was written by %s"
                .formatted(sector, name(expected), name(found[sector]), history(sector)));
        shown++;
      }
    }
    return text.toString();
  }

  private long contentAfter(int sector, int k) {
    for (int entry = newestEntry[sector]; entry != NONE; entry = entryOlder[entry]) {
      if (entryPiece[entry] < k && contents[entryPiece[entry]] != NEVER) {
        return contents[entryPiece[entry]];
      }
    }
    return base[sector];
  }

  private String history(int sector) {
    StringBuilder text = new StringBuilder();
    for (int entry = newestEntry[sector]; entry != NONE; entry = entryOlder[entry]) {
      int piece = entryPiece[entry];
      text.insert(0, ", piece %d: %s".formatted(piece, name(contents[piece])));
    }
    return "before: " + name(base[sector]) + text;
  }

  private static String name(long content) {
    return content == Payload.ZEROES
        ? "zeroes"
        : content == Payload.FOREIGN
            ? "something foreign"
            : content == NEVER ? "nothing, cancelled" : "version " + content;
  }
}
