#ifndef STEREOFARM_COMMON_MEDIA_ZIMG_GRAPH_H_
#define STEREOFARM_COMMON_MEDIA_ZIMG_GRAPH_H_

#include <zimg.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/base/status.h"

namespace stereofarm {

// Planes that zimg reads or writes, in its own order (R, G, B or Y, U, V). Rows and their distance
// are multiples of 32 bytes.
struct ZimgPlanes {
  uint8_t* data[3] = {nullptr, nullptr, nullptr};
  ptrdiff_t stride[3] = {0, 0, 0};
};

// A compiled conversion between two formats. Keeps its working memory: not thread-safe.
class ZimgGraph {
 public:
  static absl::StatusOr<std::unique_ptr<ZimgGraph>> Build(const zimg_image_format& from,
                                                          const zimg_image_format& to,
                                                          const zimg_graph_builder_params& params);
  absl::Status Run(const ZimgPlanes& from, const ZimgPlanes& to);

 private:
  struct FreeGraph {
    void operator()(zimg_filter_graph* graph) const { zimg_filter_graph_free(graph); }
  };
  struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::unique_ptr<zimg_filter_graph, FreeGraph> graph_;
  std::unique_ptr<void, FreeMemory> working_memory_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_ZIMG_GRAPH_H_
