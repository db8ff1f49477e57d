package writeboost.simulate;

import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.MemorySegment;
import java.util.function.Predicate;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/** A request of a client, and what the checker has to be told of it. One thread. */
final class ClientRequest {

  private static final int SECTORS_MAX = 16 * Geometry.SECTORS_PER_BLOCK;

  /** Room for the payload of one request. */
  static final long BYTES_MAX = (long) SECTORS_MAX * SECTOR;

  final Request request = new Request(answered -> answered());

  private final PrefixChecker checker;
  private final MemorySegment memory;
  private final Runnable whenAnswered;

  /**
   * Whether a request may be answered with an error: a device has failed, or a block is damaged.
   */
  private final Predicate<Request> mayFail;

  private boolean pending;

  /** Of a write: the number of its first piece. */
  private int firstPiece;

  /** What the barrier promises, of FLUSH and FUA. */
  private int promised;

  /** Per sector of a read: the oldest piece that it may return. */
  private final int[] oldest = new int[SECTORS_MAX];

  /**
   * @param memory {@link #BYTES_MAX} bytes
   */
  ClientRequest(
      PrefixChecker checker,
      MemorySegment memory,
      Runnable whenAnswered,
      Predicate<Request> mayFail) {
    this.mayFail = mayFail;
    this.checker = checker;
    this.memory = memory;
    this.whenAnswered = whenAnswered;
    request.attachment = this;
  }

  boolean isPending() {
    return pending;
  }

  /**
   * A write of one piece: it comes into the log as a whole or not at all. Of a larger one nobody
   * could say how much has come.
   */
  boolean isCancellable() {
    return request.operation.changes() && pieceEnd(first()) == end();
  }

  // sending: right after, the request has to be handed to the volume

  void flush() {
    request.set(Operation.FLUSH, 0, 0, 0);
    begin();
  }

  void read(int firstSector, int count) {
    Payload.poison(memory, 0, (long) count * SECTOR);
    set(Operation.READ, 0, firstSector, count);
    for (int i = 0; i < count; i++) {
      oldest[i] = checker.readSent(firstSector + i);
    }
  }

  void write(int firstSector, int count, int flags) {
    set(Operation.WRITE, flags, firstSector, count);
    sendPieces(false);
  }

  void writeZeroes(int firstSector, int count, int flags) {
    set(Operation.WRITE_ZEROES, flags, firstSector, count);
    sendPieces(true);
  }

  void trim(int firstSector, int count) {
    set(Operation.TRIM, 0, firstSector, count);
    sendPieces(true);
  }

  private void set(Operation operation, int flags, int firstSector, int count) {
    long offset = (long) firstSector * SECTOR;
    request.set(operation, flags, offset, (long) count * SECTOR, memory, 0);
    begin();
  }

  private void begin() {
    if (pending) {
      throw new IllegalStateException("sent again before its answer: " + request);
    }
    pending = true;
    promised = checker.barrierSent();
  }

  private void sendPieces(boolean zeroes) {
    firstPiece = checker.pieces();
    for (int sector = first(); sector < end(); sector = pieceEnd(sector)) {
      int count = pieceEnd(sector) - sector;
      long content = zeroes ? Payload.ZEROES : checker.newVersion();
      if (!zeroes) {
        Payload.write(memory, (long) (sector - first()) * SECTOR, sector, count, content);
      }
      checker.sent(sector, count, content);
    }
  }

  private int first() {
    return (int) (request.offset / SECTOR);
  }

  private int end() {
    return (int) ((request.offset + request.length) / SECTOR);
  }

  /** A piece ends at the end of its block. */
  private int pieceEnd(int sector) {
    return Math.min(end(), (sector | Geometry.SECTORS_PER_BLOCK - 1) + 1);
  }

  // the answer

  private void answered() {
    if (!pending) {
      throw new Violation("answered twice: " + request);
    }
    pending = false;
    if (request.error == Errno.OK) {
      tellChecker();
      Payload.poison(memory, 0, request.operation == Operation.WRITE ? request.length : 0);
    } else if (request.error != Errno.ESHUTDOWN
        && request.error != Errno.ECANCELED
        && !(request.error == Errno.EIO && mayFail.test(request))) {
      throw new Violation("%s was answered %s".formatted(request, Errno.name(request.error)));
    }
    whenAnswered.run();
  }

  private void tellChecker() {
    switch (request.operation) {
      case READ -> checkRead();
      case FLUSH -> checker.durable(promised);
      case WRITE, WRITE_ZEROES, TRIM -> acknowledge();
    }
  }

  private void checkRead() {
    for (int sector = first(); sector < end(); sector++) {
      int i = sector - first();
      checker.read(sector, oldest[i], Payload.read(memory, (long) i * SECTOR, sector));
    }
  }

  private void acknowledge() {
    int piece = firstPiece;
    for (int sector = first(); sector < end(); sector = pieceEnd(sector)) {
      checker.acknowledged(piece++, sector, pieceEnd(sector) - sector);
    }
    if (request.has(Request.FUA)) {
      checker.durable(Math.max(promised, piece));
    }
  }

  /**
   * The volume has let go of a cancelled write. Told at once, not with the answer: the world may
   * end in between.
   */
  static void letGo(Request cancelled) {
    if (!(cancelled.attachment instanceof ClientRequest client) || !client.isCancellable()) {
      throw new Violation("cancelled unasked: " + cancelled);
    }
    client.checker.never(client.firstPiece);
  }

  /** The world has ended; nobody will answer. */
  void drop() {
    pending = false;
  }

  /** What a read has found in its sector {@code i}. */
  long found(int i) {
    return Payload.read(memory, (long) i * SECTOR, first() + i);
  }
}
