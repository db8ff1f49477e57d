package writeboost.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The chunks of one structured reply: right ones, cut at random and in any order; or lies. */
final class FuzzedChunks {

  private record Chunk(int type, byte[] data) {}

  private final Random random;
  private final long cookie;
  private final List<Chunk> chunks = new ArrayList<>();

  FuzzedChunks(Random random, long cookie) {
    this.random = random;
    this.cookie = cookie;
  }

  private void add(int type, ByteBuffer data) {
    chunks.add(new Chunk(type, data.array()));
  }

  /** Data and holes, as they are. */
  void read(long offset, int length) {
    int done = 0;
    int most = 1 + random.nextInt(random.nextBoolean() ? 5000 : 200_000);
    while (done < length) {
      int piece = Math.min(length - done, 1 + random.nextInt(most));
      long at = offset + done;
      if (HostileSession.isZero(at) && random.nextInt(4) != 0) {
        int zeroes = 1;
        while (zeroes < piece && HostileSession.isZero(at + zeroes)) {
          zeroes++;
        }
        piece = zeroes;
        hole(at, piece);
      } else {
        data(at, piece);
      }
      done += piece;
    }
    if (random.nextInt(4) == 0) {
      Collections.shuffle(chunks, random);
    }
  }

  private void data(long at, int bytes) {
    ByteBuffer data = ByteBuffer.allocate(8 + bytes).putLong(at);
    for (int i = 0; i < bytes; i++) {
      data.put(HostileSession.data(at + i));
    }
    add(Protocol.CHUNK_OFFSET_DATA, data);
  }

  private void hole(long at, int bytes) {
    add(Protocol.CHUNK_OFFSET_HOLE, ByteBuffer.allocate(12).putLong(at).putInt(bytes));
  }

  /** Extents in any states. */
  void status(int context, int length) {
    int count = 1 + random.nextInt(40);
    int done = 0;
    ByteBuffer data = ByteBuffer.allocate(4 + count * 8).putInt(context);
    for (int i = 0; i < count && done < length; i++) {
      int bytes = 1 + random.nextInt(Math.max(length / 10, 1));
      data.putInt(bytes).putInt(random.nextInt(8));
      done += bytes;
    }
    byte[] used = new byte[data.position()];
    data.get(0, used);
    chunks.add(new Chunk(Protocol.CHUNK_BLOCK_STATUS, used));
  }

  void error(long offset, int length, int error) {
    String text = "x".repeat(random.nextInt(3) * 50) + "\n\0";
    byte[] message = text.getBytes(StandardCharsets.UTF_8);
    boolean placed = random.nextBoolean() && length > 0;
    ByteBuffer data = ByteBuffer.allocate(6 + message.length + (placed ? 8 : 0));
    data.putInt(error).putShort((short) message.length).put(message);
    if (placed) {
      data.putLong(offset + random.nextInt(length));
    }
    add(placed ? Protocol.CHUNK_ERROR_OFFSET : Protocol.CHUNK_ERROR, data);
  }

  /** Makes it one that cannot be; false if nothing comes to mind. */
  boolean lie(long offset, int length) {
    boolean read = !chunks.isEmpty() && chunks.getFirst().type <= Protocol.CHUNK_OFFSET_HOLE;
    int at = random.nextInt(chunks.size() + 1);
    switch (random.nextInt(7)) {
      case 0 -> { // a piece is missing
        if (!read) {
          return false;
        }
        chunks.remove(random.nextInt(chunks.size()));
      }
      case 1 -> { // a piece comes twice
        if (!read) {
          return false;
        }
        chunks.add(at, chunks.get(random.nextInt(chunks.size())));
      }
      case 2 -> { // data from elsewhere, or for something that is no READ
        long from = random.nextBoolean() ? offset + length : random.nextLong();
        chunks.add(
            at,
            new Chunk(Protocol.CHUNK_OFFSET_DATA, ByteBuffer.allocate(520).putLong(from).array()));
      }
      case 3 -> {
        long from = offset + length - 1;
        ByteBuffer hole = ByteBuffer.allocate(12).putLong(from).putInt(1 + random.nextInt(9000));
        chunks.add(new Chunk(Protocol.CHUNK_OFFSET_HOLE, hole.array()));
      }
      case 4 -> chunks.add(at, new Chunk(2 + random.nextInt(100) * 7 + 7, new byte[12]));
      case 5 -> chunks.add(at, new Chunk(Protocol.CHUNK_ERROR, new byte[6])); // error 0
      default ->
          chunks.add(
              at,
              new Chunk(
                  Protocol.CHUNK_ERROR_OFFSET,
                  ByteBuffer.allocate(14).putInt(5).putLong(6, offset + length).array()));
    }
    return true;
  }

  /** As they go out; the last one is marked. */
  List<byte[]> finish() {
    if (chunks.isEmpty() || random.nextBoolean()) {
      chunks.add(new Chunk(Protocol.CHUNK_NONE, new byte[0]));
    }
    List<byte[]> all = new ArrayList<>();
    for (int i = 0; i < chunks.size(); i++) {
      Chunk chunk = chunks.get(i);
      all.add(
          ByteBuffer.allocate(Protocol.CHUNK_BYTES + chunk.data.length)
              .putInt(Protocol.CHUNK_MAGIC)
              .putShort((short) (i == chunks.size() - 1 ? Protocol.CHUNK_DONE : 0))
              .putShort((short) chunk.type)
              .putLong(cookie)
              .putInt(chunk.data.length)
              .put(chunk.data)
              .array());
    }
    return all;
  }
}
