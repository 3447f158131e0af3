#ifndef STEREOFARM_COMMON_FARM_DEPTH_SETTING_H_
#define STEREOFARM_COMMON_FARM_DEPTH_SETTING_H_

#include <string>

#include "common/base/status.h"

namespace stereofarm {

// `--depth`, taken apart: "parallax", "exr:DIR" or a network with a file: "torchscript:FILE",
// "depth-anything-v2-small:FILE". A network of the registry may stand without its file as long as
// nobody has looked up where its weights are. "+bfloat16" behind a network's name asks for that
// type instead of float32 (on a GPU: instead of half precision): faster, and other numbers.
// "parallax+raft-small" and "parallax+raft-large" are parallax with that network's optical flow;
// the file, where there is one, holds the network's weights.
struct DepthSetting {
  std::string model;  // what stands before the first colon
  std::string path;   // what stands behind it; empty without one

  // What the registry calls the network that the file holds.
  std::string Network() const;
  bool InBfloat16() const { return model.ends_with("+bfloat16"); }
  bool ReadsPictures() const { return model == "exr"; }
  bool ReadsModelFile() const { return !path.empty() && !ReadsPictures(); }
  // Frames far apart in the film, inferred together, share one gauge: such a network sees along the
  // shot, and depth of files has its own.
  bool SharesGauge() const;
  // Of the registry, and its file is still to be found.
  bool WantsWeights() const;
  std::string Text() const { return path.empty() ? model : model + ":" + path; }
};

DepthSetting ParseDepthSetting(const std::string& text);

// InvalidArgument when there is no such model, or a path is missing.
absl::Status CheckDepthSetting(const DepthSetting& setting);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_DEPTH_SETTING_H_
