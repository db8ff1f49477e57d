package writeboost.nbd;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What a server says on one connection: all right until its {@link Damage} is done, then it does
 * not wait for anything any more, and ends. Believes nothing of the client either: what that sends
 * has to be right in any case. The server's thread; the test's may look.
 */
final class HostileSession {

  static final long SIZE = 64 << 20;

  /** Each request of the client lies in a place of its own. */
  static final int PLACE = 1 << 20;

  private static final int[] ERRORS = {1, 5, 12, 22, 28, 75, 95, 108, 7, 0x8000_0000, -1};
  private static final int[] MAXIMUM = {4096, 65536, Protocol.MAX_PAYLOAD, -1};

  private final long seed;

  /** The places that were answered well, and badly: each error as place * 256 + error. */
  final Set<Integer> served = ConcurrentHashMap.newKeySet();

  final Set<Integer> failed = ConcurrentHashMap.newKeySet();

  /** The places about which chunks, and nothing before, said something that cannot be. */
  final Set<Integer> lies = ConcurrentHashMap.newKeySet();

  private volatile boolean honest = true;
  private volatile boolean ended;
  private volatile int connections;
  private volatile @Nullable Throwable failure;

  HostileSession(long seed) {
    this.seed = seed;
  }

  boolean isHonest() {
    return honest;
  }

  synchronized boolean hasEnded() {
    return ended;
  }

  /** That the client sent nothing wrong. */
  void check() {
    if (failure != null) {
      throw new AssertionError("what the client sends", failure);
    }
  }

  /** What is at {@code offset} of the export, and of the memory of a WRITE to there. */
  static byte data(long offset) {
    return isZero(offset) ? 0 : (byte) (offset * 31 + (offset >>> 8) + 1);
  }

  static boolean isZero(long offset) {
    return (offset >>> 10) % 3 == 0;
  }

  /** Of the client: what it makes of an error on the wire. */
  static int ours(int error) {
    return switch (error) {
      case 1, 5, 12, 22, 28, 95, 108 -> error;
      default -> 5;
    };
  }

  /** Whether only one connection has been seen. */
  boolean isFirst() {
    return connections <= 1;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
  void play(SocketChannel socket) {
    connections++;
    try {
      new Player(socket).play();
    } catch (IOException e) {
      // the client has closed: it may
    } catch (RuntimeException | AssertionError e) {
      failure = e;
    } finally {
      synchronized (this) {
        ended = true;
        notifyAll();
      }
    }
  }

  private record Asked(int command, long cookie, long offset, int length) {}

  private final class Player {
    private final SocketChannel socket;
    private final Random random = new Random(seed);
    private final Damage damage;
    private final ByteBuffer in = ByteBuffer.allocate(512 << 10).limit(0);
    private final List<Asked> asked = new ArrayList<>();
    private final boolean noZeroes = random.nextBoolean();
    private boolean structured;
    private boolean hasContext;
    private int context;
    private int maximum = Protocol.MAX_PAYLOAD;

    Player(SocketChannel socket) {
      this.socket = socket;
      int kind = random.nextInt(4);
      // In most sessions, late enough for many requests to be in flight.
      damage = new Damage(random, kind == 0 ? 0 : kind == 1 ? 4 : 30);
    }

    void play() throws IOException {
      greet();
      if (!damage.done && negotiate()) {
        transmit();
      }
      if (damage.done && random.nextBoolean()) {
        socket.shutdownOutput(); // and what comes from the client is taken, for ever
        while (socket.read(in.clear()) >= 0) {}
      }
    }

    private void send(byte[] message) throws IOException {
      byte[] sent = damage.to(message);
      honest &= !damage.done;
      ByteBuffer bytes = ByteBuffer.wrap(sent);
      while (bytes.hasRemaining()) {
        socket.write(bytes);
      }
    }

    /** Waits for so many bytes from the client. */
    private ByteBuffer await(int bytes) throws IOException {
      while (in.remaining() < bytes) {
        in.compact();
        int count = socket.read(in);
        in.flip();
        if (count < 0) {
          throw new EOFException();
        }
      }
      return in;
    }

    private void expect(boolean right, String what) {
      if (!right) {
        throw new AssertionError(what);
      }
    }

    // handshake

    private void greet() throws IOException {
      int flags = noZeroes ? 3 : 1;
      send(
          ByteBuffer.allocate(18)
              .putLong(Protocol.NBD_MAGIC)
              .putLong(Protocol.OPTION_MAGIC)
              .putShort((short) flags)
              .array());
      if (!damage.done) {
        expect(await(4).getInt() == flags, "the client's flags");
      }
    }

    /** Whether transmission begins. */
    private boolean negotiate() throws IOException {
      while (!damage.done) {
        expect(await(16).getLong() == Protocol.OPTION_MAGIC, "an option's magic");
        int option = in.getInt();
        int length = in.getInt();
        expect(length >= 0 && length < 5000, "an option's length");
        byte[] data = new byte[length];
        await(length).get(data);
        if (option == Protocol.OPT_STRUCTURED_REPLY && random.nextInt(4) != 0) {
          structured = true;
          reply(option, Protocol.REP_ACK, new byte[0]);
          continue;
        }
        if (option == Protocol.OPT_SET_META_CONTEXT && random.nextInt(4) != 0) {
          expect(structured, "a context without structured replies");
          context = random.nextInt();
          byte[] name = MetaContext.ALLOCATION.getBytes(StandardCharsets.UTF_8);
          ByteBuffer chosen = ByteBuffer.allocate(4 + name.length).putInt(context).put(name);
          reply(option, Protocol.REP_META_CONTEXT, chosen.array());
          reply(option, Protocol.REP_ACK, new byte[0]);
          hasContext = true;
          continue;
        }
        if (option == Protocol.OPT_GO && random.nextInt(8) != 0) {
          describe();
          reply(option, Protocol.REP_ACK, new byte[0]);
          return true;
        }
        if (option == Protocol.OPT_EXPORT_NAME) {
          exportName();
          return true;
        }
        reply(option, Protocol.REP_ERR_UNSUP, "no".getBytes(StandardCharsets.UTF_8));
      }
      return false;
    }

    private void exportName() throws IOException {
      ByteBuffer answer = ByteBuffer.allocate(10 + (noZeroes ? 0 : 124));
      send(answer.putLong(SIZE).putShort((short) flags()).array());
    }

    private int flags() {
      return ScriptedServer.FLAGS | Protocol.TRANSMIT_SEND_FAST_ZERO | Protocol.TRANSMIT_SEND_CACHE;
    }

    private void describe() throws IOException {
      List<byte[]> items = new ArrayList<>();
      items.add(item(Protocol.INFO_EXPORT, 8 + 2).putLong(SIZE).putShort((short) flags()).array());
      if (random.nextBoolean()) {
        maximum = MAXIMUM[random.nextInt(MAXIMUM.length)];
        items.add(
            item(Protocol.INFO_BLOCK_SIZE, 12).putInt(512).putInt(4096).putInt(maximum).array());
      }
      if (random.nextBoolean()) {
        items.add(item(Protocol.INFO_NAME, 3).put(new byte[] {'a', '\n', (byte) 0xff}).array());
      }
      if (random.nextBoolean()) {
        items.add(item(random.nextInt(1 << 16 - 4) + 4, 8).array()); // nobody knows it
      }
      while (!items.isEmpty()) {
        byte[] item = items.remove(random.nextInt(items.size()));
        reply(Protocol.OPT_GO, Protocol.REP_INFO, item);
      }
    }

    private static ByteBuffer item(int type, int bytes) {
      return ByteBuffer.allocate(2 + bytes).putShort((short) type);
    }

    private void reply(int option, int type, byte[] data) throws IOException {
      send(
          ByteBuffer.allocate(20 + data.length)
              .putLong(Protocol.OPTION_REPLY_MAGIC)
              .putInt(option)
              .putInt(type)
              .putInt(data.length)
              .put(data)
              .array());
    }

    // transmission

    /** Until the client leaves, or nothing more can be waited for. */
    private void transmit() throws IOException {
      while (true) {
        while (hasRequest() || asked.isEmpty() && !damage.done) {
          if (!takeRequest()) {
            return;
          }
        }
        if (asked.isEmpty() || random.nextInt(200) == 0) {
          return;
        }
        answer(asked.remove(random.nextInt(asked.size())));
      }
    }

    private boolean hasRequest() {
      int there = in.remaining() - Protocol.REQUEST_BYTES;
      int at = in.position();
      return there >= 0
          && (in.getShort(at + Protocol.REQUEST_TYPE_AT) != Protocol.CMD_WRITE
              || there >= in.getInt(at + Protocol.REQUEST_LENGTH_AT));
    }

    private boolean takeRequest() throws IOException {
      await(Protocol.REQUEST_BYTES);
      expect(in.getInt() == Protocol.REQUEST_MAGIC, "a request's magic");
      int flags = in.getShort();
      int command = in.getShort();
      Asked request = new Asked(command, in.getLong(), in.getLong(), in.getInt());
      if (command == Protocol.CMD_DISC) {
        return false;
      }
      expect(command != Protocol.CMD_BLOCK_STATUS || hasContext, "a question without a context");
      boolean payload =
          command == Protocol.CMD_READ
              || command == Protocol.CMD_WRITE
              || command == Protocol.CMD_CACHE;
      long most = payload ? maximum & 0xffff_ffffL : SIZE;
      expect((flags & ~0x1f) == 0, "a request's flags");
      expect(request.length >= 0 && request.length <= most, "a request's length");
      expect(request.offset >= 0 && request.offset <= SIZE - request.length, "a request's offset");
      if (command == Protocol.CMD_WRITE) {
        if (request.length > in.remaining() && random.nextInt(10) == 0) {
          guess();
        }
        await(request.length);
        for (int i = 0; i < request.length; i++) {
          expect(in.get() == data(request.offset + i), "the payload of a write");
        }
      }
      asked.add(request);
      return true;
    }

    private void answer(Asked request) throws IOException {
      int error = random.nextInt(12) == 0 ? ERRORS[random.nextInt(ERRORS.length)] : 0;
      boolean must =
          request.command == Protocol.CMD_READ || request.command == Protocol.CMD_BLOCK_STATUS;
      if (structured && (must || random.nextInt(4) == 0)) {
        answerInChunks(request, error);
        return;
      }
      long cookie = request.cookie;
      if (random.nextInt(60) == 0) { // of an earlier, or a later, request in the same slot
        cookie += (1L << 32) * (random.nextInt(5) - 2);
      }
      if (cookie != request.cookie) {
        lie(request);
      } else {
        note(request, error);
      }
      boolean data = request.command == Protocol.CMD_READ && error == 0;
      ByteBuffer reply = ByteBuffer.allocate(16 + (data ? request.length : 0));
      reply.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(cookie);
      for (int i = 0; data && i < request.length; i++) {
        reply.put(data(request.offset + i));
      }
      send(reply.array());
    }

    /** Each chunk may be sound, and all of them together not. */
    private void answerInChunks(Asked request, int error) throws IOException {
      FuzzedChunks reply = new FuzzedChunks(random, request.cookie);
      if (error != 0) {
        reply.error(request.offset, request.length, error);
      } else if (request.command == Protocol.CMD_READ) {
        reply.read(request.offset, request.length);
      } else if (request.command == Protocol.CMD_BLOCK_STATUS) {
        reply.status(context, request.length);
      }
      if (random.nextInt(40) == 0 && reply.lie(request.offset, request.length)) {
        lie(request);
      } else {
        note(request, error);
      }
      for (byte[] chunk : reply.finish()) {
        send(chunk);
      }
    }

    /** What follows cannot be. */
    private void lie(Asked about) {
      if (!damage.done) {
        lies.add(place(about));
      }
      honest = false;
      damage.end();
    }

    /** Answers what may not have come, and may not even have been sent in full. */
    private void guess() throws IOException {
      honest = false;
      damage.end();
      for (int i = 0; i < 3; i++) {
        ByteBuffer reply = ByteBuffer.allocate(16).putInt(Protocol.SIMPLE_REPLY_MAGIC);
        send(reply.putInt(0).putLong(1L << 32 | (255 - random.nextInt(24))).array());
      }
    }

    private int place(Asked request) {
      return request.command == Protocol.CMD_FLUSH ? -1 : (int) (request.offset / PLACE);
    }

    private void note(Asked request, int error) {
      int place = place(request);
      if (error == 0) {
        served.add(place);
      } else {
        failed.add(place * 256 + ours(error));
      }
    }
  }
}
