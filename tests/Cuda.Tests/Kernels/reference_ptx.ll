; Every PTX instruction of the table, through an intrinsic that LLVM prints itself: the reference for its spelling.
target triple = "nvptx64-nvidia-cuda"
declare { float, float, float, float } @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32, i32, i32, i32, i32, i32, float, float, float, float)
declare { float, float, float, float } @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, <2 x half>, float, float, float, float)
declare { float, float, float, float } @llvm.nvvm.mma.m16n8k8.row.col.f32.f32(<2 x half>, <2 x half>, <2 x half>, float, float, float, float)
declare { float, float, float, float } @llvm.nvvm.mma.m16n8k8.row.col.tf32(i32, i32, i32, i32, i32, i32, float, float, float, float)
declare i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3))
declare { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3(ptr addrspace(3))
declare { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3))
declare i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3(ptr addrspace(3))
declare { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(ptr addrspace(3))
declare { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3(ptr addrspace(3))
declare void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3), ptr addrspace(1))
declare void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.ca.shared.global.8.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.cg.shared.global.16.s(ptr addrspace(3), ptr addrspace(1), i32)
declare void @llvm.nvvm.cp.async.commit.group()
declare void @llvm.nvvm.cp.async.wait.group(i32)
declare <2 x bfloat> @llvm.nvvm.ff2bf16x2.rn(float, float)
declare bfloat @llvm.nvvm.f2bf16.rn(float)
declare <2 x half> @llvm.nvvm.ff2f16x2.rn(float, float)
declare i32 @llvm.nvvm.f2tf32.rna(float)

define void @probe(ptr addrspace(1) %g, ptr addrspace(3) %s, i32 %n, <2 x half> %h, float %f, ptr addrspace(1) %o) {
  %m1 = call { float, float, float, float } @llvm.nvvm.mma.m16n8k16.row.col.bf16(i32 %n, i32 %n, i32 %n, i32 %n, i32 %n, i32 %n, float %f, float %f, float %f, float %f)
  store volatile { float, float, float, float } %m1, ptr addrspace(1) %o
  %m2 = call { float, float, float, float } @llvm.nvvm.mma.m16n8k16.row.col.f32.f32(<2 x half> %h, <2 x half> %h, <2 x half> %h, <2 x half> %h, <2 x half> %h, <2 x half> %h, float %f, float %f, float %f, float %f)
  store volatile { float, float, float, float } %m2, ptr addrspace(1) %o
  %m3 = call { float, float, float, float } @llvm.nvvm.mma.m16n8k8.row.col.f32.f32(<2 x half> %h, <2 x half> %h, <2 x half> %h, float %f, float %f, float %f, float %f)
  store volatile { float, float, float, float } %m3, ptr addrspace(1) %o
  %m4 = call { float, float, float, float } @llvm.nvvm.mma.m16n8k8.row.col.tf32(i32 %n, i32 %n, i32 %n, i32 %n, i32 %n, i32 %n, float %f, float %f, float %f, float %f)
  store volatile { float, float, float, float } %m4, ptr addrspace(1) %o
  %l1 = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %s)
  store volatile i32 %l1, ptr addrspace(1) %o
  %l2 = call { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.b16.p3(ptr addrspace(3) %s)
  store volatile { i32, i32 } %l2, ptr addrspace(1) %o
  %l4 = call { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16.p3(ptr addrspace(3) %s)
  store volatile { i32, i32, i32, i32 } %l4, ptr addrspace(1) %o
  %t1 = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.trans.b16.p3(ptr addrspace(3) %s)
  store volatile i32 %t1, ptr addrspace(1) %o
  %t2 = call { i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(ptr addrspace(3) %s)
  store volatile { i32, i32 } %t2, ptr addrspace(1) %o
  %t4 = call { i32, i32, i32, i32 } @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16.p3(ptr addrspace(3) %s)
  store volatile { i32, i32, i32, i32 } %t4, ptr addrspace(1) %o
  call void @llvm.nvvm.cp.async.ca.shared.global.4(ptr addrspace(3) %s, ptr addrspace(1) %g)
  call void @llvm.nvvm.cp.async.ca.shared.global.8(ptr addrspace(3) %s, ptr addrspace(1) %g)
  call void @llvm.nvvm.cp.async.cg.shared.global.16(ptr addrspace(3) %s, ptr addrspace(1) %g)
  call void @llvm.nvvm.cp.async.ca.shared.global.4.s(ptr addrspace(3) %s, ptr addrspace(1) %g, i32 %n)
  call void @llvm.nvvm.cp.async.ca.shared.global.8.s(ptr addrspace(3) %s, ptr addrspace(1) %g, i32 %n)
  call void @llvm.nvvm.cp.async.cg.shared.global.16.s(ptr addrspace(3) %s, ptr addrspace(1) %g, i32 %n)
  call void @llvm.nvvm.cp.async.commit.group()
  call void @llvm.nvvm.cp.async.wait.group(i32 1)
  %b2 = call <2 x bfloat> @llvm.nvvm.ff2bf16x2.rn(float %f, float 2.0)
  store volatile <2 x bfloat> %b2, ptr addrspace(1) %o
  %b1 = call bfloat @llvm.nvvm.f2bf16.rn(float %f)
  store volatile bfloat %b1, ptr addrspace(1) %o
  %h2 = call <2 x half> @llvm.nvvm.ff2f16x2.rn(float %f, float 2.0)
  store volatile <2 x half> %h2, ptr addrspace(1) %o
  %tf = call i32 @llvm.nvvm.f2tf32.rna(float %f)
  store volatile i32 %tf, ptr addrspace(1) %o
  %h1 = fptrunc float %f to half
  store volatile half %h1, ptr addrspace(1) %o
  %h0 = load volatile half, ptr addrspace(1) %o
  %w = fpext half %h0 to float
  store volatile float %w, ptr addrspace(1) %o
  ret void
}
