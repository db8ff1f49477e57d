package writeboost.nbd;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.nbd.Negotiated.ChosenContext;

/**
 * A BLOCK_STATUS: asks every context that the client has chosen, and makes the chunks of the reply.
 * Pooled by {@link Outbound}. Begun by the connection's thread; the last answer ends it, on any.
 */
final class StatusQuery {

  /** In one chunk. A client asks again for what does not fit. */
  private static final int MAX_EXTENTS = 1024;

  private static final int EXTENT_BYTES = 8;
  private static final int CONTEXT_BYTES = 4;

  private final Outbound outbound;
  private final List<ChosenContext> contexts;
  private final Extents[] answers;
  private final AtomicInteger unanswered = new AtomicInteger();
  private @Nullable Command command;
  private int replyBytes;

  StatusQuery(Outbound outbound, List<ChosenContext> contexts) {
    this.outbound = outbound;
    this.contexts = contexts;
    answers = new Extents[contexts.size()];
    for (int i = 0; i < answers.length; i++) {
      answers[i] = new Extents(MAX_EXTENTS, answered -> answered());
    }
  }

  /** Bytes that the chunks of a reply can have. */
  static int mostBytes(int contexts) {
    return contexts * (Protocol.CHUNK_BYTES + CONTEXT_BYTES + MAX_EXTENTS * EXTENT_BYTES);
  }

  /** For {@code asking}, whose slab has room for {@link #mostBytes}. */
  void ask(Command asking, long offset, long length, boolean one) {
    command = asking;
    unanswered.set(answers.length);
    for (int i = 0; i < answers.length; i++) {
      Extents question = answers[i].ask(offset, length, one ? 1 : MAX_EXTENTS);
      contexts.get(i).context().source().accept(question);
    }
  }

  private void answered() {
    if (unanswered.decrementAndGet() > 0) {
      return;
    }
    Command asking = Objects.requireNonNull(command);
    int error = Errno.OK;
    for (Extents answer : answers) {
      error = error == Errno.OK ? errorOf(answer) : error;
    }
    asking.request.error = error;
    replyBytes = error == Errno.OK ? encode(asking) : 0;
    outbound.completed(asking);
  }

  /** A source that says nothing has failed: a chunk without extents would break the protocol. */
  private static int errorOf(Extents answer) {
    return answer.error == Errno.OK && answer.count() == 0 ? Errno.EIO : answer.error;
  }

  private int encode(Command asking) {
    ByteBuffer bytes = Objects.requireNonNull(asking.slab).bytes;
    int at = asking.payloadAt;
    for (int i = 0; i < answers.length; i++) {
      Extents answer = answers[i];
      boolean last = i == answers.length - 1;
      bytes.putInt(at, Protocol.CHUNK_MAGIC);
      bytes.putShort(at + 4, (short) (last ? Protocol.CHUNK_DONE : 0));
      bytes.putShort(at + 6, (short) Protocol.CHUNK_BLOCK_STATUS);
      bytes.putLong(at + 8, asking.cookie);
      bytes.putInt(at + 16, CONTEXT_BYTES + answer.count() * EXTENT_BYTES);
      bytes.putInt(at + Protocol.CHUNK_BYTES, contexts.get(i).id());
      at += Protocol.CHUNK_BYTES + CONTEXT_BYTES;
      for (int k = 0; k < answer.count(); k++) {
        bytes.putInt(at, (int) answer.length(k)).putInt(at + 4, answer.state(k));
        at += EXTENT_BYTES;
      }
    }
    return at - asking.payloadAt;
  }

  int replyBytes() {
    return replyBytes;
  }
}
