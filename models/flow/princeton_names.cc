#include "models/flow/princeton_names.h"

#include <regex>
#include <string>
#include <utility>
#include <vector>

namespace stereofarm {
namespace {

// torchvision's spelling and the authors', applied one after the other.
const std::vector<std::pair<std::regex, std::string>>& Rules() {
  static const auto* const kRules = new std::vector<std::pair<std::regex, std::string>>{
      {std::regex("^feature_encoder"), "fnet"},
      {std::regex("^context_encoder"), "cnet"},
      {std::regex("\\.convnormrelu\\.0"), ".conv1"},
      {std::regex("\\.convnormrelu\\.1"), ".norm1"},
      {std::regex("^([fc]net)\\.conv\\."), "$1.conv2."},
      {std::regex("\\.convnormrelu(\\d)\\.0"), ".conv$1"},
      {std::regex("\\.convnormrelu(\\d)\\.1"), ".norm$1"},
      {std::regex("motion_encoder\\.convcorr(\\d)\\.0"), "encoder.convc$1"},
      {std::regex("motion_encoder\\.convflow(\\d)\\.0"), "encoder.convf$1"},
      {std::regex("motion_encoder\\.conv\\.0"), "encoder.conv"},
      {std::regex("^mask_predictor\\.convrelu\\.0"), "update_block.mask.0"},
      {std::regex("^mask_predictor\\.conv\\."), "update_block.mask.2."},
  };
  return *kRules;
}

}  // namespace

Parameters::Spelling PrincetonNamesIn(const WeightFile& file) {
  const bool module = file.tensors().contains("module.fnet.conv1.weight");
  if (!module && !file.tensors().contains("fnet.conv1.weight")) return {};
  const bool large = file.tensors().contains(std::string(module ? "module." : "") +
                                             "update_block.gru.convz1.weight");
  // The small network has one recurrent unit without a number, the large one has two.
  const std::regex unit(large ? "recurrent_block\\.convgru(\\d)\\.conv([zrq])"
                              : "recurrent_block\\.convgru(1)\\.conv([zrq])");
  const std::string unit_name = large ? "gru.conv$2$1" : "gru.conv$2";
  return [module, unit, unit_name](const std::string& name) {
    std::string spelt = name;
    for (const auto& [from, to] : Rules()) spelt = std::regex_replace(spelt, from, to);
    spelt = std::regex_replace(spelt, unit, unit_name);
    return std::vector<std::string>{(module ? "module." : "") + spelt};
  };
}

}  // namespace stereofarm
