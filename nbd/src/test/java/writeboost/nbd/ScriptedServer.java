package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A server whose every word the test says: it accepts when told to, sees each request, and answers
 * what the test wants. The test's thread.
 */
final class ScriptedServer implements AutoCloseable {

  static final int SIZE = 1 << 20;

  static final int FLAGS =
      Protocol.TRANSMIT_HAS_FLAGS
          | Protocol.TRANSMIT_SEND_FLUSH
          | Protocol.TRANSMIT_SEND_FUA
          | Protocol.TRANSMIT_SEND_TRIM
          | Protocol.TRANSMIT_SEND_WRITE_ZEROES;

  private static final int LIMIT_S = 30;

  private final Path folder;
  private final boolean tcp;
  private ServerSocketChannel listener;

  // What it says; to be changed between connections.
  long size = SIZE;
  int flags = FLAGS;
  String name = "disk";
  int minimumBlock = 1;
  int maximumPayload = Protocol.MAX_PAYLOAD;
  boolean knowsGo = true;
  boolean noZeroes = true;
  boolean structured;

  /** Of base:allocation; negative if it is not there. */
  long context = -1;

  ScriptedServer() throws IOException {
    this(false);
  }

  /**
   * @param tcp instead of a Unix socket
   */
  ScriptedServer(boolean tcp) throws IOException {
    this.tcp = tcp;
    folder = Files.createTempDirectory("nbd");
    open();
  }

  /** Listens; again after {@link #shut}. */
  void open() throws IOException {
    listener =
        ServerSocketChannel.open(tcp ? StandardProtocolFamily.INET : StandardProtocolFamily.UNIX);
    listener.bind(tcp ? new InetSocketAddress("127.0.0.1", 0) : address());
  }

  private UnixDomainSocketAddress address() {
    return UnixDomainSocketAddress.of(folder.resolve("s"));
  }

  /** Takes no more connections. */
  void shut() throws IOException {
    listener.close();
    Files.deleteIfExists(folder.resolve("s"));
  }

  NbdAddress uri() throws IOException {
    return NbdAddress.parse(
        tcp
            ? "nbd://127.0.0.1:" + ((InetSocketAddress) listener.getLocalAddress()).getPort() + "/x"
            : "nbd+unix:///x?socket=" + address().getPath());
  }

  /** Connects a device, and gets its connection. */
  Connected connect(ClientOptions options) throws Exception {
    NbdAddress uri = uri();
    CompletableFuture<NbdDevice> device =
        CompletableFuture.supplyAsync(() -> connect(uri, options));
    Peer peer = accept();
    return new Connected(device.get(LIMIT_S, TimeUnit.SECONDS), peer);
  }

  static NbdDevice connect(NbdAddress uri, ClientOptions options) {
    try {
      return NbdDevice.connect(uri, options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  record Connected(NbdDevice device, Peer peer) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      peer.close();
      device.close();
    }
  }

  /** Waits for a connection, without a word on it. */
  Peer acceptSilently() throws Exception {
    return new Peer(listener.accept());
  }

  /** Waits for a connection, and negotiates. */
  Peer accept() throws Exception {
    Peer peer = acceptSilently();
    peer.greet();
    peer.negotiate();
    return peer;
  }

  @Override
  public void close() throws IOException {
    shut();
    Files.delete(folder);
  }

  /** A request as it came. */
  record Asked(int command, int flags, long cookie, long offset, long length, byte[] payload) {}

  /** One connection, seen from the server. */
  final class Peer implements AutoCloseable {
    final SocketChannel socket;
    private final DataInputStream in;

    private Peer(SocketChannel socket) {
      this.socket = socket;
      this.in = new DataInputStream(Channels.newInputStream(socket));
    }

    void send(ByteBuffer bytes) throws IOException {
      bytes.flip();
      while (bytes.hasRemaining()) {
        socket.write(bytes);
      }
    }

    void greet() throws IOException {
      ByteBuffer greeting = ByteBuffer.allocate(18);
      greeting.putLong(Protocol.NBD_MAGIC).putLong(Protocol.OPTION_MAGIC);
      send(greeting.putShort((short) (noZeroes ? 3 : 1)));
      assertThat(in.readInt()).isEqualTo(noZeroes ? 3 : 1);
    }

    /** Until transmission begins. */
    void negotiate() throws IOException {
      int option = option();
      if (option == Protocol.OPT_GO && !knowsGo) {
        replyToOption(Protocol.REP_ERR_UNSUP, ByteBuffer.allocate(0));
        option = option();
      }
      if (option == Protocol.OPT_EXPORT_NAME) {
        ByteBuffer answer = ByteBuffer.allocate(10 + (noZeroes ? 0 : 124));
        answer.putLong(size).putShort((short) flags);
        send(answer.position(answer.limit()));
        return;
      }
      describe();
      replyToOption(Protocol.REP_ACK, ByteBuffer.allocate(0));
    }

    /** The next option that chooses the export; its data is dropped. */
    int option() throws IOException {
      while (true) {
        assertThat(in.readLong()).isEqualTo(Protocol.OPTION_MAGIC);
        int option = in.readInt();
        in.readNBytes(in.readInt());
        boolean known = structured;
        if (option == Protocol.OPT_SET_META_CONTEXT) {
          assertThat(structured).isTrue();
          known = context >= 0;
          if (known) {
            byte[] name = MetaContext.ALLOCATION.getBytes(StandardCharsets.UTF_8);
            ByteBuffer chosen =
                ByteBuffer.allocate(4 + name.length).putInt((int) context).put(name);
            replyToOption(option, Protocol.REP_META_CONTEXT, chosen);
          }
        } else if (option != Protocol.OPT_STRUCTURED_REPLY) {
          return option;
        }
        int type = known ? Protocol.REP_ACK : Protocol.REP_ERR_UNSUP;
        replyToOption(option, type, ByteBuffer.allocate(0));
      }
    }

    void describe() throws IOException {
      ByteBuffer export = ByteBuffer.allocate(12).putShort((short) Protocol.INFO_EXPORT);
      replyToOption(Protocol.REP_INFO, export.putLong(size).putShort((short) flags));
      byte[] text = name.getBytes(StandardCharsets.UTF_8);
      ByteBuffer called = ByteBuffer.allocate(2 + text.length);
      replyToOption(Protocol.REP_INFO, called.putShort((short) Protocol.INFO_NAME).put(text));
      ByteBuffer blocks = ByteBuffer.allocate(14).putShort((short) Protocol.INFO_BLOCK_SIZE);
      replyToOption(
          Protocol.REP_INFO, blocks.putInt(minimumBlock).putInt(4096).putInt(maximumPayload));
    }

    void replyToOption(int type, ByteBuffer data) throws IOException {
      replyToOption(Protocol.OPT_GO, type, data);
    }

    private void replyToOption(int option, int type, ByteBuffer data) throws IOException {
      data.flip();
      ByteBuffer reply = ByteBuffer.allocate(20 + data.remaining());
      reply.putLong(Protocol.OPTION_REPLY_MAGIC).putInt(option).putInt(type);
      send(reply.putInt(data.remaining()).put(data));
    }

    /** Waits for the next request. */
    Asked next() throws IOException {
      assertThat(in.readInt()).isEqualTo(Protocol.REQUEST_MAGIC);
      int requestFlags = in.readUnsignedShort();
      int command = in.readUnsignedShort();
      long cookie = in.readLong();
      long offset = in.readLong();
      long length = in.readInt() & 0xffff_ffffL;
      byte[] payload = command == Protocol.CMD_WRITE ? in.readNBytes((int) length) : new byte[0];
      return new Asked(command, requestFlags, cookie, offset, length, payload);
    }

    /** As {@link #next}, which has to be this command. */
    Asked next(int command) throws IOException {
      Asked asked = next();
      assertThat(asked.command).isEqualTo(command);
      return asked;
    }

    void answer(Asked asked) throws IOException {
      answer(asked, 0, new byte[asked.command == Protocol.CMD_READ ? (int) asked.length : 0]);
    }

    void answer(Asked asked, int error) throws IOException {
      answer(asked, error, new byte[0]);
    }

    void answer(Asked asked, int error, byte[] payload) throws IOException {
      ByteBuffer reply = ByteBuffer.allocate(16 + payload.length);
      reply.putInt(Protocol.SIMPLE_REPLY_MAGIC).putInt(error).putLong(asked.cookie);
      send(reply.put(payload));
    }

    void chunk(Asked asked, int type, boolean last, ByteBuffer data) throws IOException {
      data.flip();
      ByteBuffer chunk = ByteBuffer.allocate(Protocol.CHUNK_BYTES + data.remaining());
      chunk.putInt(Protocol.CHUNK_MAGIC).putShort((short) (last ? Protocol.CHUNK_DONE : 0));
      chunk.putShort((short) type).putLong(asked.cookie).putInt(data.remaining());
      send(chunk.put(data));
    }

    /** Waits until the client has closed. */
    void awaitEnd() throws IOException {
      try {
        while (in.read() >= 0) {
          // what it had sent
        }
      } catch (EOFException | SocketException e) {
        // closed, too
      }
    }

    /** As when the server's process ends. */
    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
