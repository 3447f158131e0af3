#ifndef STEREOFARM_TESTS_UNIT_MODELS_REGISTRY_SMALL_MODEL_H_
#define STEREOFARM_TESTS_UNIT_MODELS_REGISTRY_SMALL_MODEL_H_

#include <string>

#include "models/registry/known_models.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {

// A model that is known by one tensor, "t", of two numbers.
inline KnownModel SmallModel() {
  KnownModel model;
  model.name = "small-model";
  model.family = "made-up";
  model.licence = "MIT";
  model.commercial_use = true;
  model.spellings = {{{"t", {2}}}};
  return model;
}

// Weights of it, of two characters.
inline std::string SmallWeights(const std::string& values) {
  return MadeSafetensors(R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", values);
}

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_MODELS_REGISTRY_SMALL_MODEL_H_
