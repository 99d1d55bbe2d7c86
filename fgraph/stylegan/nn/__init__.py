"""Forward arithmetic: the layers of both generators and of the discriminator as pure functions of tensors."""
