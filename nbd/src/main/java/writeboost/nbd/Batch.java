package writeboost.nbd;

import java.io.IOException;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Requests of one connection that are submitted together. Only the connection's thread. */
final class Batch {

  private final BlockDevice device;
  private final Input input;
  private final Outbound outbound;
  private final Backlog backlog;
  private final ChangeOrder.Member order;

  private final Command[] commands = new Command[Outbound.MAX_COMMANDS];
  private final Request[] requests = new Request[Outbound.MAX_COMMANDS];
  private int count;
  private int changes; // of them

  /** A WRITE with a long payload is among them. */
  private boolean isLong;

  /**
   * @param backlog for what is to be submitted while the next payload comes
   */
  Batch(
      BlockDevice device,
      Input input,
      Outbound outbound,
      Backlog backlog,
      ChangeOrder.Member order) {
    this.device = device;
    this.input = input;
    this.outbound = outbound;
    this.backlog = backlog;
    this.order = order;
  }

  void add(Command command) {
    commands[count] = command;
    requests[count++] = command.request;
    if (command.request.operation.changes()) {
      changes++;
    }
  }

  /** The one that is added next has a long payload. */
  void becomeLong() {
    isLong = true;
  }

  /**
   * Submits what is there, or has it submitted. If others have changed the same place, that is done
   * only for a client that is there, or that says goodbye, or of which there is no memory to know.
   *
   * @return false if the client is gone, or will send nothing more: then nothing is submitted, and
   *     it is told so
   */
  boolean submit() throws IOException {
    if (count == 0) {
      return true;
    }
    if (order.enter(device, requests, count, changes)) {
      submitEntered();
      return true;
    }
    int found;
    do {
      found = input.lookFurther();
      if (found == Input.NOTHING_THERE) {
        found = submitAlone();
      }
    } while (found > 0);
    if (found == Input.NO_ROOM || found == Input.END && input.endsWith(Protocol.CMD_DISC)) {
      submitUnseen();
      return true;
    }
    if (found == Input.END) {
      refuse();
      return false;
    }
    return true;
  }

  private void refuse() {
    for (int i = 0; i < count; i++) {
      outbound.answer(commands[i], Errno.ESHUTDOWN);
    }
    clear();
  }

  /** Submits what is there, whatever has become of the client: who says goodbye repeats nothing. */
  void submitUnseen() {
    if (count > 0) {
      order.enterInDoubt(device, requests, count, changes);
      submitEntered();
    }
  }

  private void submitEntered() {
    int entered = changes;
    boolean left = false;
    try {
      if (isLong || !backlog.isEmpty()) {
        backlog.start();
        backlog.add(requests, begin()); // where they leave the order of changes
        left = true;
      } else {
        device.submit(requests, begin());
      }
    } finally {
      if (!left) {
        order.exit(entered);
      }
    }
  }

  /** What another look has found, where nothing can come between; if nothing, all is submitted. */
  private int submitAlone() throws IOException {
    order.enterAlone();
    try {
      int found = input.look(Protocol.REQUEST_BYTES);
      if (found == Input.NOTHING_THERE) {
        order.clientIsThere();
        device.submit(requests, begin());
      }
      return found;
    } finally {
      order.exitAlone();
    }
  }

  /** How many requests are about to be submitted. */
  private int begin() {
    int begun = count;
    if (outbound.submitting(commands, begun) && begun == 1 && isBarrier(requests[0])) {
      requests[0].flags |= Request.AWAITED;
    }
    clear();
    return begun;
  }

  private void clear() {
    count = 0;
    changes = 0;
    isLong = false;
  }

  private static boolean isBarrier(Request request) {
    return request.operation == Operation.FLUSH
        || request.operation == Operation.WRITE && request.has(Request.FUA);
  }
}
