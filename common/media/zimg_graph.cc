#include "common/media/zimg_graph.h"

#include <cstdlib>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

absl::Status LastError(const char* what) {
  char text[256] = {};
  const zimg_error_code_e code = zimg_get_last_error(text, sizeof(text));
  const std::string message = absl::StrFormat("%s: %s", what, text);
  if (code == ZIMG_ERROR_OUT_OF_MEMORY) return absl::ResourceExhaustedError(message);
  return absl::InvalidArgumentError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ZimgGraph>> ZimgGraph::Build(
    const zimg_image_format& from, const zimg_image_format& to,
    const zimg_graph_builder_params& params) {
  auto graph = std::make_unique<ZimgGraph>();
  graph->graph_.reset(zimg_filter_graph_build(&from, &to, &params));
  if (graph->graph_ == nullptr) return LastError("pictures cannot be converted");
  size_t bytes = 0;
  if (zimg_filter_graph_get_tmp_size(graph->graph_.get(), &bytes) != ZIMG_ERROR_SUCCESS) {
    return LastError("pictures cannot be converted");
  }
  constexpr size_t kAlign = 64;
  graph->working_memory_.reset(std::aligned_alloc(kAlign, (bytes / kAlign + 1) * kAlign));
  if (graph->working_memory_ == nullptr) {
    return absl::ResourceExhaustedError("no memory to convert pictures");
  }
  return graph;
}

absl::Status ZimgGraph::Run(const ZimgPlanes& from, const ZimgPlanes& to) {
  zimg_image_buffer_const in = {};
  zimg_image_buffer out = {};
  in.version = ZIMG_API_VERSION;
  out.version = ZIMG_API_VERSION;
  for (int i = 0; i < 3; ++i) {
    in.plane[i].data = from.data[i];
    in.plane[i].stride = from.stride[i];
    in.plane[i].mask = ZIMG_BUFFER_MAX;
    out.plane[i].data = to.data[i];
    out.plane[i].stride = to.stride[i];
    out.plane[i].mask = ZIMG_BUFFER_MAX;
  }
  if (zimg_filter_graph_process(graph_.get(), &in, &out, working_memory_.get(), nullptr, nullptr,
                                nullptr, nullptr) != ZIMG_ERROR_SUCCESS) {
    return LastError("pictures cannot be converted");
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
