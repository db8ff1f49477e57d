package writeboost.simulate;

import java.lang.foreign.ValueLayout;
import java.util.function.Predicate;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/** A cache disk that answers some requests without error and without having done them. */
final class FaultyDisk implements BlockDevice {
  private final BlockDevice disk;
  private final Predicate<Request> dropped;

  private FaultyDisk(BlockDevice disk, Predicate<Request> dropped) {
    this.disk = disk;
    this.dropped = dropped;
  }

  static BlockDevice thatIsSound(BlockDevice disk) {
    return new FaultyDisk(disk, request -> false);
  }

  static BlockDevice thatDropsFlushes(BlockDevice disk) {
    return new FaultyDisk(disk, request -> request.operation == Operation.FLUSH);
  }

  static BlockDevice thatDropsEvery(int n, BlockDevice disk) {
    int[] flushes = new int[1];
    return new FaultyDisk(
        disk, request -> request.operation == Operation.FLUSH && ++flushes[0] % n == 0);
  }

  /** Drops the flush of the mark that a format puts over the old superblock. */
  static BlockDevice thatDropsFirstFlushOfFormat(BlockDevice disk) {
    boolean[] marked = new boolean[1];
    return new FaultyDisk(
        disk,
        request -> {
          boolean drop = request.operation == Operation.FLUSH && marked[0];
          marked[0] =
              request.operation == Operation.WRITE
                  && request.offset == 0
                  && marksUnfinished(request);
          return drop;
        });
  }

  /** Formats leave the segments of the old cache as they are. */
  static BlockDevice thatClearsNothing(BlockDevice disk) {
    boolean[] formats = new boolean[1];
    return new FaultyDisk(
        disk,
        request -> {
          if (request.operation == Operation.WRITE && request.offset == 0) {
            formats[0] = marksUnfinished(request);
          }
          return formats[0]
              && request.operation.changes()
              && request.offset >= Geometry.SUPERBLOCK_REGION;
        });
  }

  /** The magic of a superblock is there only when the format is done. */
  private static boolean marksUnfinished(Request request) {
    return request.data.get(ValueLayout.JAVA_INT_UNALIGNED, request.dataOffset) == 0;
  }

  static BlockDevice thatDropsRecords(BlockDevice disk) {
    return new FaultyDisk(
        disk,
        request ->
            request.operation == Operation.WRITE && request.offset == Geometry.RECORD_BLOCK_OFFSET);
  }

  /** The 50th write goes one block further than it should. */
  static BlockDevice thatMisplacesAWrite(BlockDevice disk) {
    int[] writes = new int[1];
    return new FaultyDisk(
        disk,
        request -> {
          boolean misplaced = request.operation == Operation.WRITE && ++writes[0] == 50;
          boolean fits = request.offset + request.length + Geometry.BLOCK <= disk.size();
          request.offset += misplaced && fits ? Geometry.BLOCK : 0;
          return false;
        });
  }

  @Override
  public long size() {
    return disk.size();
  }

  @Override
  public Limits limits() {
    return disk.limits();
  }

  @Override
  public void submit(Request[] batch, int count) {
    Request[] one = new Request[1];
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      if (dropped.test(request)) {
        request.complete(Errno.OK);
      } else {
        one[0] = request;
        disk.submit(one, 1);
      }
    }
  }

  @Override
  public void close() {
    disk.close();
  }
}
