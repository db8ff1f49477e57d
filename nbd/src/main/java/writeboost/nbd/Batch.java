package writeboost.nbd;

import java.io.IOException;
import writeboost.device.BlockDevice;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Requests of one connection that are submitted together. Only the connection's thread. */
final class Batch {

  /** What came of an attempt to submit. */
  enum Outcome {
    SUBMITTED,

    /** More has come, and has to be taken in first: the client's end may be behind it. */
    READ_ON,

    /** Others have written there since, and the client may be one of them: nothing is submitted. */
    CLIENT_GONE
  }

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

  /** Submits what is there, or has it submitted, unless the client has to be looked at before. */
  Outcome trySubmit() throws IOException {
    if (count == 0) {
      return Outcome.SUBMITTED;
    }
    if (order.enter(device, requests, count, changes)) {
      submitEntered();
      return Outcome.SUBMITTED;
    }
    return switch (input.look(Integer.MAX_VALUE)) {
      case Input.NOTHING_THERE -> submitAlone();
      case Input.NO_ROOM -> {
        submit();
        yield Outcome.SUBMITTED;
      }
      case Input.END -> Outcome.CLIENT_GONE;
      default -> Outcome.READ_ON;
    };
  }

  /** Submits what is there, whatever is known of the client. */
  void submit() {
    if (count > 0) {
      order.enterInDoubt(device, requests, count, changes);
      submitEntered();
    }
  }

  private void submitEntered() {
    int entered = changes;
    boolean later = isLong || !backlog.isEmpty();
    int submitted = begin();
    boolean left = false;
    try {
      if (later) {
        backlog.add(requests, submitted); // where they leave the order of changes
        left = true;
      } else {
        device.submit(requests, submitted);
      }
    } finally {
      if (!left) {
        order.exit(entered);
      }
    }
  }

  private Outcome submitAlone() throws IOException {
    order.enterAlone();
    try {
      int found = input.look(Protocol.REQUEST_BYTES);
      if (found != Input.NOTHING_THERE) {
        return found == Input.END ? Outcome.CLIENT_GONE : Outcome.READ_ON;
      }
      order.clientIsThere(device, requests, count);
      device.submit(requests, begin());
      return Outcome.SUBMITTED;
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
    count = 0;
    changes = 0;
    isLong = false;
    return begun;
  }

  private static boolean isBarrier(Request request) {
    return request.operation == Operation.FLUSH
        || request.operation == Operation.WRITE && request.has(Request.FUA);
  }
}
