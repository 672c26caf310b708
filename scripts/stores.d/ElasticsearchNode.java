import java.util.List;
import java.util.Map;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.mapper.MapperExtrasPlugin;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.reindex.ReindexPlugin;
import org.elasticsearch.transport.Netty4Plugin;

/**
 * A single Elasticsearch node run from plain jars, so that the tests meet the real engine on machines
 * without a container engine. {@code scripts/stores} runs this file from source: PATH_HOME HTTP_PORT.
 */
public class ElasticsearchNode extends Node {
  private static final List<Class<? extends Plugin>> MODULES =
      List.of(Netty4Plugin.class, MapperExtrasPlugin.class, ReindexPlugin.class);

  // Node's public constructor looks for plugins on disk; the protected one takes them from the classpath.
  private ElasticsearchNode(Environment environment) {
    super(environment, MODULES, true);
  }

  public static void main(String[] args) throws Exception {
    Settings settings = Settings.builder()
        .put("path.home", args[0])
        .put("http.port", args[1])
        .put("transport.port", 0)
        .put("network.host", "127.0.0.1")
        .put("node.name", "polygraph")
        .put("cluster.name", "polygraph-elasticsearch")
        .put("discovery.type", "single-node")
        .put("transport.type", "netty4")
        .put("http.type", "netty4")
        // A nearly full developer's disk must not turn indexes read-only.
        .put("cluster.routing.allocation.disk.threshold_enabled", false)
        // A write before its migration is a mistake to see, not an index to guess.
        .put("action.auto_create_index", false)
        .build();
    Node node = new ElasticsearchNode(
        InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), null, () -> "polygraph"));
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      try {
        node.close();
      } catch (Exception e) {
        e.printStackTrace();
      }
    }));
    node.start();
    // The server's own threads are daemons: the process lives as long as this one.
    Thread.currentThread().join();
  }
}
