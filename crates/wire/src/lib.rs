//! One node interface over Kubernetes protobuf and JSON bytes.
