#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use super::*;

#[test]
fn cap_n_01zs_proto_files_with_imports_and_sets_of_descriptors_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &[u8]| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    };
    let item = br#"syntax = "proto3"; package shop.v1; message Item { string sku = 1; }"#;
    write("proto/shop/v1/item.proto", item);
    let cart = br#"syntax = "proto3"; package shop.v1;
        import "shop/v1/item.proto"; import "google/protobuf/timestamp.proto";
        message AddRequest { repeated Item items = 1; google.protobuf.Timestamp at = 2; }
        message AddReply {}
        service Cart { rpc Add (AddRequest) returns (AddReply); }"#;
    let cart = write("proto/shop/v1/cart.proto", cart);
    let mut engine = flow::Engine::new(flow::Config::default());
    tell(&mut engine, std::slice::from_ref(&cart)).unwrap();

    let set = write("cart.pb", &compiled(&cart).unwrap());
    tell(&mut engine, &[set]).unwrap();

    for (file, words) in [
        (write("bad.proto", b"syntax = \"proto3\"; message {"), "bad.proto"),
        (write("no.pb", b"\xff\xff"), "neither a .proto file nor a set"),
        (folder.path().join("none.proto"), "there is no file"),
    ] {
        let error = tell(&mut engine, &[file]).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
