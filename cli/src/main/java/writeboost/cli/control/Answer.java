package writeboost.cli.control;

import java.io.IOException;
import java.io.StringWriter;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import writeboost.cli.json.Json;

/** The lines that answer one request: any number of reports, and then one end. One thread. */
public final class Answer {

  /** Where lines go. */
  @FunctionalInterface
  interface Sink {
    void line(String line) throws IOException;
  }

  private final Sink sink;
  private boolean ended;

  Answer(Sink sink) {
    this.sink = sink;
  }

  /**
   * Reports how far it is: {@code {"progress":{...}}}.
   *
   * @throws IOException if the client is gone
   */
  public void progress(Consumer<JsonGenerator> fields) throws IOException {
    send(
        json -> {
          json.writeObjectPropertyStart("progress");
          fields.accept(json);
          json.writeEndObject();
        });
  }

  /** The end: it is done, and there is nothing to say about it. */
  public void done() throws IOException {
    done(json -> {});
  }

  /** The end: it is done; {@code fields} is what was asked for. */
  public void done(Consumer<JsonGenerator> fields) throws IOException {
    end(
        json -> {
          json.writeBooleanProperty("ok", true);
          fields.accept(json);
        });
  }

  /** The end: it is not done, and why, as after a {@link RefusedException}. */
  public void refused(String why) throws IOException {
    end(
        json -> {
          json.writeBooleanProperty("ok", false);
          json.writeStringProperty("error", why);
        });
  }

  private void end(Consumer<JsonGenerator> fields) throws IOException {
    if (ended) {
      throw new IllegalStateException("answered twice");
    }
    ended = true;
    send(fields);
  }

  private void send(Consumer<JsonGenerator> fields) throws IOException {
    StringWriter line = new StringWriter();
    try (JsonGenerator json = Json.generator(line)) {
      json.writeStartObject();
      fields.accept(json);
      json.writeEndObject();
    }
    sink.line(line.toString());
  }
}
