package writeboost.nbd;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the text form of certificates and keys (RFC 7468). Other text between them is skipped. */
final class PemFile {

  /** Nothing that is meant is so large. */
  private static final int MAX_BYTES = 4 << 20;

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);

  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");

  private record Block(String label, byte[] data) {}

  private PemFile() {}

  /**
   * All of them, in their order; at least one.
   *
   * @throws IOException if there is none; the message is one line: what, which file, what to do
   */
  static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Block block : blocks(file)) {
        if (block.label.equals("CERTIFICATE")) {
          certificates.add(
              (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.data)));
        }
      }
    } catch (CertificateException e) {
      throw new IOException(file + ": holds a damaged certificate: " + e.getMessage(), e);
    }
    if (certificates.isEmpty()) {
      throw new IOException(file + ": holds no certificate in PEM form; check the path");
    }
    return certificates;
  }

  /**
   * The first one.
   *
   * @throws IOException if there is none, or everybody may read it; the message as above
   */
  static PrivateKey privateKey(Path file) throws IOException {
    List<Block> blocks = blocks(file);
    requirePrivate(file);
    for (Block block : blocks) {
      if (block.label.equals("PRIVATE KEY")) {
        return decode(file, block.data);
      }
      if (block.label.endsWith("PRIVATE KEY")) {
        throw new IOException(
            ("%s: holds a key in another form (%s) than unencrypted PKCS#8; convert it: openssl"
                    + " pkcs8 -topk8 -nocrypt -in %s -out NEW")
                .formatted(file, block.label, file));
      }
    }
    throw new IOException(file + ": holds no private key in PEM form; check the path");
  }

  /** Not on a file system that does not know who may read. */
  private static void requirePrivate(Path file) throws IOException {
    Set<PosixFilePermission> permissions;
    try {
      permissions = Files.getPosixFilePermissions(file);
    } catch (UnsupportedOperationException e) {
      return;
    }
    if (permissions.contains(PosixFilePermission.OTHERS_READ)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          "%s: others may read or write this key; take that from them: chmod o= %s"
              .formatted(file, file));
    }
  }

  private static PrivateKey decode(Path file, byte[] data) throws IOException {
    GeneralSecurityException last = new NoSuchAlgorithmException("no algorithm");
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(data));
      } catch (InvalidKeySpecException | NoSuchAlgorithmException e) { // of another algorithm
        last = e;
      }
    }
    throw new IOException(
        "%s: its key is damaged, or not one for %s".formatted(file, String.join(", ", ALGORITHMS)),
        last);
  }

  private static List<Block> blocks(Path file) throws IOException {
    List<Block> blocks = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(text(file));
    while (matcher.find()) {
      byte[] encoded = matcher.group(2).getBytes(StandardCharsets.ISO_8859_1);
      try {
        blocks.add(new Block(matcher.group(1), Base64.getMimeDecoder().decode(encoded)));
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ": is damaged: " + e.getMessage(), e);
      }
    }
    return blocks;
  }

  private static String text(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      byte[] bytes = stream.readNBytes(MAX_BYTES + 1); // not all devices and pipes have an end
      if (bytes.length > MAX_BYTES) {
        throw new IOException("is too large for a PEM file; check the path");
      }
      return new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file; check the path", e);
    } catch (FileSystemException e) {
      String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
      throw new IOException(file + ": cannot be read: " + reason, e);
    } catch (IOException e) { // of a folder, for one
      throw new IOException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
