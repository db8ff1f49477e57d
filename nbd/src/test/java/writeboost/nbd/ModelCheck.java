package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import writeboost.nbd.ProtocolModel.Answer;
import writeboost.nbd.ProtocolModel.End;
import writeboost.nbd.ProtocolModel.OptionAnswer;

/** Holds what a server has sent against what the model says. */
final class ModelCheck {

  private static final int SECTOR = ProtocolModel.SECTOR;

  /** What came of one READ or BLOCK_STATUS so far. */
  private static final class Partial {
    final List<RawClient.Chunk> chunks = new ArrayList<>();
  }

  private final ProtocolModel model;
  private final ByteBuffer output;
  private final boolean ordered;
  private final Map<Long, Partial> partials = new HashMap<>();

  ModelCheck(ProtocolModel model, byte[] output, boolean ordered) {
    this.model = model;
    this.output = ByteBuffer.wrap(output);
    this.ordered = ordered;
  }

  /**
   * @param known cleared where a change was asked for, and perhaps not carried out
   */
  void run(boolean[] known) {
    ByteBuffer greeting = output.slice(output.position(), 18);
    output.position(18);
    assertThat(greeting.getLong()).isEqualTo(0x4e42444d41474943L);
    assertThat(greeting.getLong()).isEqualTo(0x49484156454F5054L);
    assertThat(greeting.getShort()).isEqualTo((short) 3);
    for (OptionAnswer option : model.options) {
      option(option);
    }
    if (model.exportNameBytes >= 0) {
      byte[] export = bytes(model.exportNameBytes);
      assertThat(ByteBuffer.wrap(export).getShort(8)).isEqualTo((short) model.flags());
    }
    while (output.hasRemaining()) {
      reply();
    }
    assertThat(partials).as("replies without an end").isEmpty();
    boolean whole = model.end == End.DISCONNECTED || model.end == End.ANSWERED && ordered;
    for (List<Answer> left : model.answers.values()) {
      assertThat(whole ? left : List.of()).as("not answered").isEmpty();
      left.forEach(answer -> forget(answer, known));
    }
  }

  private static void forget(Answer answer, boolean[] known) {
    boolean changes = answer.type() == 1 || answer.type() == 4 || answer.type() == 6;
    if (changes && answer.error() == 0) {
      int from = (int) (answer.offset() / SECTOR);
      Arrays.fill(known, from, from + (int) (answer.length() / SECTOR), false);
    }
  }

  private byte[] bytes(int count) {
    assertThat(output.remaining()).as("bytes left").isGreaterThanOrEqualTo(count);
    byte[] bytes = new byte[count];
    output.get(bytes);
    return bytes;
  }

  private void option(OptionAnswer expected) {
    List<String> replies = new ArrayList<>();
    for (int i = 0; i <= expected.before().size(); i++) {
      ByteBuffer header = ByteBuffer.wrap(bytes(20));
      assertThat(header.getLong()).isEqualTo(0x0003e889045565a9L);
      int option = header.getInt();
      int type = header.getInt();
      replies.add(ProtocolModel.reply(option, type, bytes(header.getInt())));
    }
    assertThat(replies.removeLast()).isEqualTo(expected.last());
    assertThat(replies).containsExactlyInAnyOrderElementsOf(expected.before());
  }

  private void reply() {
    int magic = output.getInt(output.position());
    if (magic == 0x67446698) {
      simple();
    } else {
      assertThat(magic).isEqualTo(0x668e33ef);
      assertThat(model.structured).as("chunks are agreed on").isTrue();
      chunk();
    }
  }

  private void simple() {
    ByteBuffer header = ByteBuffer.wrap(bytes(16));
    int error = header.getInt(4);
    Answer expected = take(header.getLong(8), answer -> answer.error() == error);
    boolean chunks = model.structured && (expected.type() == 0 || expected.type() == 7);
    assertThat(chunks).as("an answer in chunks").isFalse();
    if (expected.content() != null) {
      content(expected, bytes((int) expected.length()));
    }
  }

  private interface Fitting {
    boolean fits(Answer answer);
  }

  private Answer take(long cookie, Fitting fitting) {
    List<Answer> open = model.answers.getOrDefault(cookie, List.of());
    for (Answer answer : open) {
      if (fitting.fits(answer)) {
        open.remove(answer);
        return answer;
      }
    }
    throw new AssertionError("not the answer to " + cookie + ": " + open);
  }

  private void chunk() {
    ByteBuffer header = ByteBuffer.wrap(bytes(20));
    int flags = header.getShort(4);
    int type = header.getShort(6) & 0xffff;
    long cookie = header.getLong(8);
    assertThat(flags).isBetween(0, 1);
    RawClient.Chunk chunk = new RawClient.Chunk(flags, type, cookie, bytes(header.getInt(16)));
    Partial partial = partials.computeIfAbsent(cookie, unused -> new Partial());
    partial.chunks.add(chunk);
    if (chunk.done()) {
      partials.remove(cookie);
      whole(cookie, partial.chunks);
    }
  }

  private void whole(long cookie, List<RawClient.Chunk> chunks) {
    RawClient.Chunk last = chunks.getLast();
    boolean failed = last.type() == Protocol.CHUNK_ERROR;
    int error = failed ? last.buffer().getInt() : 0;
    Answer expected = take(cookie, answer -> answer.error() == error);
    assertThat(expected.type()).as("answered in chunks").isIn(0, 7);
    if (failed) {
      assertThat(last.data().length).isEqualTo(6 + last.buffer().getShort(4));
    } else if (expected.type() == 7) {
      assertThat(chunks).hasSize(1);
      assertThat(last.type()).isEqualTo(Protocol.CHUNK_BLOCK_STATUS);
      status(expected, last.buffer());
    } else if (expected.length() == 0) {
      assertThat(last.type()).isEqualTo(Protocol.CHUNK_NONE);
    } else {
      content(
          expected,
          StructuredReplyTest.content(chunks, expected.offset(), (int) expected.length()));
    }
  }

  private static void status(Answer expected, ByteBuffer data) {
    assertThat(data.getInt()).isZero();
    assertThat(data.remaining()).isPositive();
    assertThat(data.remaining() % 8).isZero();
    long described = 0;
    while (data.hasRemaining()) {
      long length = data.getInt() & 0xffff_ffffL;
      assertThat(length).isPositive();
      assertThat(data.getInt()).isBetween(0, 3);
      described += length;
    }
    assertThat(described).isLessThanOrEqualTo(expected.length());
  }

  private static void content(Answer expected, byte[] content) {
    byte[] right = expected.content();
    boolean[] known = expected.known();
    if (right == null || known == null) {
      throw new AssertionError("content of what is no READ");
    }
    for (int sector = 0; sector < known.length; sector++) {
      int from = sector * SECTOR;
      if (known[sector]
          && !Arrays.equals(content, from, from + SECTOR, right, from, from + SECTOR)) {
        throw new AssertionError("wrong data at " + (expected.offset() + from));
      }
    }
  }
}
