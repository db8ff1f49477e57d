package writeboost.cli.endtoend;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One NBD connection with any number of requests in flight, sent in the order of the calls. Any
 * thread; a call waits only while the server does not read. What is in flight when the connection
 * ends fails with an {@link IOException}.
 */
final class NbdClient implements AutoCloseable {

  /** How long {@link #await} waits. */
  static final int LIMIT_S = 120;

  private static final long OPTION_MAGIC = 0x49484156454F5054L;
  private static final int FIXED_NEWSTYLE_NO_ZEROES = 3;
  private static final int OPTION_EXPORT_NAME = 1;
  private static final int REQUEST_MAGIC = 0x25609513;
  private static final int REQUEST_BYTES = 28;
  private static final int REPLY_MAGIC = 0x67446698;
  private static final int FUA = 1;

  private enum Command {
    READ(0),
    WRITE(1),
    FLUSH(3),
    TRIM(4),
    WRITE_ZEROES(6);

    private final int code;

    Command(int code) {
      this.code = code;
    }
  }

  private record Pending(int replyBytes, CompletableFuture<byte[]> answer) {}

  private final SocketChannel socket;
  private final DataInputStream in;
  private final Map<Long, Pending> pending = new ConcurrentHashMap<>();
  private final long size;
  private long nextCookie;
  private final AtomicInteger errorReplies = new AtomicInteger();
  private volatile boolean ended;

  NbdClient(Path path) throws IOException {
    socket = SocketChannel.open(UnixDomainSocketAddress.of(path));
    in = new DataInputStream(Channels.newInputStream(socket));
    in.skipNBytes(18); // two magics and the server's flags
    ByteBuffer hello = ByteBuffer.allocate(20);
    hello.putInt(FIXED_NEWSTYLE_NO_ZEROES).putLong(OPTION_MAGIC).putInt(OPTION_EXPORT_NAME);
    send(hello.putInt(0).flip());
    size = in.readLong();
    in.skipNBytes(2);
    Thread.ofPlatform().daemon().name("replies").start(this::takeReplies);
  }

  long size() {
    return size;
  }

  /** How many requests the server has answered with an error. */
  int errorReplies() {
    return errorReplies.get();
  }

  CompletableFuture<byte[]> read(long offset, int length) throws IOException {
    return request(Command.READ, 0, offset, length, ByteBuffer.allocate(0));
  }

  CompletableFuture<byte[]> write(long offset, byte[] data, boolean fua) throws IOException {
    return request(Command.WRITE, fua ? FUA : 0, offset, data.length, ByteBuffer.wrap(data));
  }

  CompletableFuture<byte[]> writeZeroes(long offset, int length, boolean fua) throws IOException {
    return request(Command.WRITE_ZEROES, fua ? FUA : 0, offset, length, ByteBuffer.allocate(0));
  }

  CompletableFuture<byte[]> trim(long offset, int length, boolean fua) throws IOException {
    return request(Command.TRIM, fua ? FUA : 0, offset, length, ByteBuffer.allocate(0));
  }

  /** Covers the writes that were answered before this call. */
  CompletableFuture<byte[]> flush() throws IOException {
    return request(Command.FLUSH, 0, 0, 0, ByteBuffer.allocate(0));
  }

  /** The answer, which has to come, and without an error. */
  static byte[] await(CompletableFuture<byte[]> answer) throws Exception {
    try {
      return answer.get(LIMIT_S, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError("no answer within " + LIMIT_S + " s", e);
    } catch (ExecutionException e) {
      throw new AssertionError("request failed: " + e.getCause().getMessage(), e);
    }
  }

  private synchronized CompletableFuture<byte[]> request(
      Command command, int flags, long offset, int length, ByteBuffer data) throws IOException {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    long cookie = nextCookie++;
    pending.put(cookie, new Pending(command == Command.READ ? length : 0, answer));
    if (ended) { // perhaps after the replies' thread took its last look
      throw new IOException("the connection has ended");
    }
    ByteBuffer header = ByteBuffer.allocate(REQUEST_BYTES);
    header.putInt(REQUEST_MAGIC).putShort((short) flags).putShort((short) command.code);
    header.putLong(cookie).putLong(offset).putInt(length).flip();
    send(header, data);
    return answer;
  }

  private void send(ByteBuffer... parts) throws IOException {
    while (parts[parts.length - 1].hasRemaining() || parts[0].hasRemaining()) {
      socket.write(parts);
    }
  }

  private void takeReplies() {
    IOException reason = new IOException("the connection was closed");
    try {
      while (true) {
        takeReply();
      }
    } catch (IOException e) {
      reason = new IOException("the connection ended", e);
    } finally {
      ended = true;
      for (Pending left : pending.values()) {
        left.answer.completeExceptionally(reason);
      }
    }
  }

  private void takeReply() throws IOException {
    int magic = in.readInt();
    int error = in.readInt();
    Pending request = pending.remove(in.readLong());
    if (magic != REPLY_MAGIC || request == null) {
      throw new IOException("not a reply to anything");
    }
    if (error != 0) {
      errorReplies.incrementAndGet();
      request.answer.completeExceptionally(new IOException("error " + error));
      return;
    }
    byte[] data = new byte[request.replyBytes];
    in.readFully(data);
    request.answer.complete(data);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
