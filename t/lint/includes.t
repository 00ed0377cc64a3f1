#!/usr/bin/perl
# The layer law: every #include "layer/x.h" points down, or stays at home.
#
#	base < mail, rule, peer < match < policy < daemon, cli
use strict;
use warnings;
use Cwd ();
use File::Find;
use Test::More;

my $top = Cwd::abs_path(($ENV{srcdir} // '.') . '/milter');

# What each layer may include beside itself.
my %may = (
	base   => [],
	mail   => [qw(base)],
	rule   => [qw(base)],
	peer   => [qw(base)],
	match  => [qw(base mail rule)],
	policy => [qw(base mail rule peer match)],
	daemon => [qw(base mail rule peer match policy)],
	cli    => [qw(base mail rule peer match policy)],
);

# Complaints about one file: includes of a wrong layer, of a file that is not
# there, and a .c file whose own header is not its first include.
sub check_file {
	my ($layer, $name, $text) = @_;
	my %allowed = map { $_ => 1 } $layer, @{ $may{$layer} };
	my @wrong;
	my @include = $text =~ /^\s*#\s*include\s+"([^"]+)"/mg;

	for my $inc (@include) {
		my ($to) = $inc =~ m{^(\w+)/};
		push @wrong, "includes \"$inc\", which names no layer"
		    if !defined $to || !$may{$to};
		push @wrong, "$layer includes $inc"
		    if defined $to && $may{$to} && !$allowed{$to};
		push @wrong, "includes $inc, which is not there"
		    if defined $to && !-f "$top/$inc";
	}
	(my $own = "$layer/$name") =~ s/\.c$/.h/;
	my ($first) = $text =~ /^\s*#\s*include\s+(\S+)/m;
	# ... or it comes by way of the layer's own internal header.
	if ($name =~ /\.c$/ && -f "$top/$own" && $first ne "\"$own\"") {
		my $by = $first =~ s/"//gr;
		my $inner = "$top/$by";
		my $seen = -f $inner && $by =~ /^$layer\// &&
		    do { local (@ARGV, $/) = $inner; <> } =~ /"\Q$own\E"/;
		push @wrong, "its own header \"$own\" is not its first include"
		    if !$seen;
	}
	return @wrong;
}

# The check itself can fail.
is(scalar check_file('base', 'x.c', qq{#include "mail/message.h"\n}), 1,
    'an include that points up is seen');
is(scalar check_file('mail', 'x.c', qq{#include "rule/ruleset.h"\n}), 1,
    'an include of a neighbour is seen');
is(scalar check_file('mail', 'x.c', qq{#include "nothing.h"\n}), 1,
    'an include without a layer is seen');
is(scalar check_file('policy', 'x.c', qq{#include "base/buf.h"\n}), 0,
    'an include that points down is good');

my $files = 0;
for my $layer (sort keys %may) {
	ok(-d "$top/$layer", "layer $layer is there") or next;
	my @wrong;

	find(sub {
		return unless /\.(?:c|h|def)$/ && -f;
		open my $fh, '<', $_ or die "$File::Find::name: $!";
		my $text = do { local $/; <$fh> };
		$files++;
		push @wrong, map { "$File::Find::name: $_" =~ s{\Q$top\E/}{}r }
		    check_file($layer, $_, $text);
	}, "$top/$layer");
	is_deeply(\@wrong, [], "$layer keeps the layer law");
}
cmp_ok($files, '>', 50, "$files files were looked at");
done_testing();
