#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "models/flow/raft.h"
#include "tests/golden/golden_set.h"

namespace stereofarm {
namespace {

at::Tensor Scaled(const at::Tensor& bytes, const ParameterPlace& place) {
  return Placed(bytes / 255 * 2 - 1, place);
}

// Pictures of a published file: sizes that eight doesn't divide, several counts of updates.
absl::Status CheckPictures(const GoldenRun& run, const GoldenTensors& golden, const Raft& net,
                           Comparison* comparison) {
  const std::string ending = ".frame1_u8";
  for (const std::string& name : golden.Names()) {
    if (!name.ends_with(ending)) continue;
    const std::string title = name.substr(0, name.size() - ending.size());
    SF_ASSIGN_OR_RETURN(const at::Tensor from, golden.Get(name));
    SF_ASSIGN_OR_RETURN(const at::Tensor to, golden.Get(title + ".frame2_u8"));
    const FlowPadding padding(from.size(2), from.size(3));
    for (const int updates : {12, 20}) {
      const RaftFlow flow = Forward(net, padding.Pad(Scaled(from, run.place)),
                                    padding.Pad(Scaled(to, run.place)), updates);
      for (const auto& [part, got] :
           {std::pair("low", flow.low), std::pair("up", padding.Crop(flow.full))}) {
        const std::string tensor = absl::StrFormat("%s.flow_%s_%d", title, part, updates);
        if (!golden.Has(tensor)) continue;
        SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(tensor));
        comparison->Add(run.item, tensor, got, wanted);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRaft(const GoldenRun& run, const GoldenTensors& golden,
                       std::shared_ptr<const WeightFile> weights, Comparison* comparison) {
  SF_ASSIGN_OR_RETURN(const Raft net, LoadRaft(weights, run.place));
  if (golden.Numbers("run", ".frame1_u8").empty())
    return CheckPictures(run, golden, net, comparison);
  for (const int i : golden.Numbers("run", ".frame1_u8")) {
    const std::string name = absl::StrFormat("run%d.", i);
    SF_ASSIGN_OR_RETURN(const at::Tensor from, golden.Get(name + "frame1_u8"));
    SF_ASSIGN_OR_RETURN(const at::Tensor to, golden.Get(name + "frame2_u8"));
    SF_ASSIGN_OR_RETURN(const at::Tensor wanted, golden.Get(name + "flow_last"));
    const int updates =
        ConfigNumber(run, absl::StrFormat("/runs_h_w_updates/%d/2", i)).value_or(12);
    absl::Status watched = absl::OkStatus();
    const RaftFlow flow = Forward(net, Scaled(from, run.place), Scaled(to, run.place), updates,
                                  [&](const std::string& part, const at::Tensor& value) {
                                    const std::string tensor =
                                        part == "flow_first" ? name + part : name + "act." + part;
                                    if (!golden.Has(tensor)) return;
                                    const absl::StatusOr<at::Tensor> reference = golden.Get(tensor);
                                    watched.Update(reference.status());
                                    if (reference.ok())
                                      comparison->Add(run.item, tensor, value, *reference);
                                  });
    SF_RETURN_IF_ERROR(watched);
    comparison->Add(run.item, name + "flow_last", flow.full, wanted);
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
