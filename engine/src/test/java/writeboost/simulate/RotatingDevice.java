package writeboost.simulate;

import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Limits;
import writeboost.device.Operation;
import writeboost.device.Request;

/** A device that takes as long as a {@link RotatingDisk}, in the time of an event queue. */
final class RotatingDevice implements BlockDevice {

  private final BlockDevice content;
  private final EventQueue queue;
  private final RotatingDisk disk;
  private long doneNs;
  private long transfers;

  /** Takes {@code content} over. */
  RotatingDevice(BlockDevice content, EventQueue queue) {
    this.content = content;
    this.queue = queue;
    this.disk = new RotatingDisk(content.size());
  }

  @Override
  public long size() {
    return content.size();
  }

  @Override
  public Limits limits() {
    return content.limits();
  }

  /** A FLUSH comes after what came before it, and takes no time; nor does a TRIM. */
  @Override
  public void submit(Request[] batch, int count) {
    for (int i = 0; i < count; i++) {
      Request request = batch[i];
      if (request.operation != Operation.FLUSH && request.operation != Operation.TRIM) {
        doneNs = disk.serve(queue.nowNs(), request.offset, request.length);
        transfers++;
      }
      queue.at(Math.max(doneNs, queue.nowNs()), () -> carryOut(request));
    }
  }

  private void carryOut(Request request) {
    content.submit(new Request[] {request}, 1);
  }

  /** What is on it, without waiting. */
  Blocking content() {
    return new Blocking(content, "content");
  }

  /** Reads and writes so far. */
  long transfers() {
    return transfers;
  }

  @Override
  public void close() {
    content.close();
  }
}
